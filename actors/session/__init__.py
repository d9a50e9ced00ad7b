"""One client's side of the conversation: session protocol, resume decisions and the bounded writer.

Free of sockets: bytes leave through the ``Wire`` port.
"""
