-- KEYS: logins. Answers the ids.
return redis.call('SMEMBERS', KEYS[1])
