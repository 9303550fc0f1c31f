-- KEYS: logins. ARGV: id. The set is in another slot of a cluster than the login, hence alone.
return redis.call('SADD', KEYS[1], ARGV[1])
