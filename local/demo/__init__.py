"""`make demo`: the main job, run over HTTP as a tenant would, with a month of a real bookkeeper's papers."""
