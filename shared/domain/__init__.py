"""Values and rules of the service: no clock, no input or output, standard library only."""
