"""psycopg 3 on Trio: connections, the pool, and the one seam where its errors end."""
