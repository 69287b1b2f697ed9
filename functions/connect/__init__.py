"""Accounts, members, connections and their OAuth, settings, events; provider webhooks; the authoriser."""
