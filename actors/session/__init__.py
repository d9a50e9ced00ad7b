"""One client's side of the conversation: session protocol, resume decisions and the bounded outbox.

Free of sockets: bytes leave through the ``Wire`` port.
"""
