"""What applications do with redis-py: sessions, queues, rate limits, leaderboards, locks, pipelines, listening. Argument: port."""
import sys
import redis

port = int(sys.argv[1])
r = redis.Redis(port=port, decode_responses=True)
assert r.ping()

# A session that ends.
r.hset("session:1", mapping={"user": "ada", "visits": 1})
assert r.expire("session:1", 100) and 0 < r.ttl("session:1") <= 100
assert r.hincrby("session:1", "visits") == 2 and r.hgetall("session:1") == {"user": "ada", "visits": "2"}

# A queue with a safe hand-over.
r.rpush("jobs", "a", "b")
assert r.lmove("jobs", "doing") == "a" and r.lrem("doing", 1, "a") == 1
assert r.blpop(["none", "jobs"], timeout=1) == ("jobs", "b") and r.blpop("jobs", timeout=0.05) is None

# A rate limit in one round trip.
with r.pipeline() as p:
    p.set("rate:ada", 0, ex=60, nx=True).incr("rate:ada").ttl("rate:ada")
    assert p.execute()[1] == 1

# A leaderboard.
r.zadd("board", {"ada": 10, "bob": 7.5, "eve": 12})
assert r.zrevrange("board", 0, 1, withscores=True) == [("eve", 12.0), ("ada", 10.0)]
assert r.zrange("board", 7, 11, byscore=True) == ["bob", "ada"] and r.zrevrank("board", "bob") == 2

# A lock: taken once, given back by who holds it (without a script: watch, compare, delete).
assert r.set("lock", "me", nx=True, px=10000) and not r.set("lock", "you", nx=True)
with r.pipeline() as p:
    p.watch("lock")
    assert p.get("lock") == "me"
    p.multi()
    p.delete("lock")
    assert p.execute() == [1]

# What is watched and changes stops the transaction.
with r.pipeline() as p:
    p.watch("w")
    r.set("w", 1)
    p.multi()
    p.set("w", 2)
    try:
        p.execute()
        raise AssertionError("carried out although what it watched had changed")
    except redis.WatchError:
        pass

# Listening.
listener = r.pubsub()
listener.subscribe("news")
listener.psubscribe("n*")
assert r.publish("news", "hello") == 2
messages = [m for m in (listener.get_message(timeout=5) for _ in range(4)) if m["type"].endswith("message")]
assert [m["data"] for m in messages] == ["hello", "hello"], messages
listener.close()

# Going through all keys.
for i in range(1000):
    r.set(f"many:{i}", i)
assert len(set(r.scan_iter("many:*", count=50))) == 1000

assert r.info("server")["redis_version"] and r.client_id() > 0 and isinstance(r.config_get("*"), dict) and r.dbsize() > 1000
binary = redis.Redis(port=port)
binary.set(b"\x00\xff", bytes(range(256)))
assert binary.get(b"\x00\xff") == bytes(range(256))
print("done")
