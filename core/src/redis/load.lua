-- KEYS: login. Answers {revision, record}; each is absent where it was never written.
return redis.call('HMGET', KEYS[1], 'revision', 'record')
