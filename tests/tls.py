"""What HTTP clients of tests take for TLS: none, on loopback.

A client of its own would read the certificates of all authorities, which takes longer than most tests.
"""

import ssl

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
