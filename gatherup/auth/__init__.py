"""Who somebody is: access tokens, refresh tokens, passwords."""
