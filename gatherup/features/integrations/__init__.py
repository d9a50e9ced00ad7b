"""What games' own backends use: API keys, the server API, webhooks."""
