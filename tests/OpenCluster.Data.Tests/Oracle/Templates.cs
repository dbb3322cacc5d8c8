namespace OpenCluster.Data.Tests.Oracle;

/// <summary>
/// Commands for <see cref="CommandSource"/>, by what they are about. Capital letters stand for keys, values, numbers; a|b for one of them;
/// ? for a word that may be missing, with all after it; * for several; a comma binds words that come together.
/// </summary>
internal static class Templates
{
    private static readonly string[] StringCommands =
    [
        "set K V", "set K V nx|xx|get|keepttl", "set K V ex|px|exat|pxat T", "set K V ?nx|xx ?get ex 100", "set K V get ?nx", "get K", "setnx K V", "setex K T V", "psetex K T V",
        "getset K V", "getdel K", "getex K", "getex K persist", "getex K ex 100", "getex K ex|px T ?persist", "mget K*", "mset K,V*", "msetnx K,V*", "strlen K", "incr K", "decr K",
        "incrby K I", "decrby K I", "incrbyfloat K N", "append K V", "getrange K I I", "substr K I I", "setrange K B V",
    ];

    private static readonly string[] BitCommands =
    [
        "setbit K B 0|1|2|x", "setbit K B 0|1", "setbit K I 1", "getbit K B", "getbit K I", "bitcount K", "bitcount K I I", "bitcount K I I bit|byte|zz", "bitcount K I", "bitpos K 0|1|2|x", "bitpos K 0|1 I",
        "bitpos K 0|1 I I", "bitpos K 0|1 I I bit|byte|zz", "bitop and|or|xor|zz K K K", "bitop not K K", "bitop not K K K", "bitop and|or|xor K K*", "set K V", "get K", "strlen K",
    ];

    private static readonly string[] KeyCommands =
    [
        "del K*", "unlink K*", "exists K*", "touch K*", "type K", "rename K K", "renamenx K K", "copy K K ?replace", "copy K K db 0", "dbsize", "randomkey", "expire K 100", "expire K T",
        "pexpire K 100000 ?nx|xx|gt|lt ?nx|xx|gt|lt", "expireat K T ?nx|xx|gt|lt|zz", "ttl K", "persist K", "object encoding K", "keys *", "keys k[1-3]", "keys k[^2]",
        "keys V", "keys ?0", "flushall V", "nosuch K V V", "get", "echo V", "ping V", "select I", "object nosuch K", "pubsub zz", "pubsub channels", "pubsub numsub V V", "pubsub numpat", "slowlog zz", "acl zz", "client unblock 99999", "client unblock 1 zz", "acl whoami", "slowlog len", "slowlog get I", "scan V", "scan 0 count I", "scan 0 match k* count 100", "scan 0 type string count 1000",
    ];

    private static readonly string[] HashCommands =
    [
        "hset K M,V*", "hset K M,V*", "hmset K M,V*", "hsetnx K M V", "hget K M", "hmget K M*", "hgetall K", "hkeys K", "hvals K", "hlen K", "hstrlen K M", "hexists K M",
        "hdel K M*", "hincrby K M I", "hincrbyfloat K M N", "hrandfield K 0", "hrandfield K 100", "hrandfield K 100 withvalues", "hrandfield K I zz", "hscan K 0", "hscan K 0 match V count 100",
        "hscan K I count I", "object encoding K",
    ];

    private static readonly string[] SetCommands =
    [
        "sadd K M*", "sadd K M*", "sadd K I*", "srem K M*", "sismember K M", "smismember K M*", "smembers K", "scard K", "spop K 0 x", "srandmember K 100", "srandmember K 0",
        "smove K K M", "sinter K*", "sunion K*", "sdiff K*", "sinterstore K K*", "sunionstore K K*", "sdiffstore K K*", "sintercard 1|2|0|x K*", "sintercard 2 K K limit I", "sscan K 0", "sscan K 0 match V",
        "object encoding K",
    ];

    private static readonly string[] ListCommands =
    [
        "lpush K V*", "rpush K V*", "lpush K M*", "rpush K M*", "lpushx K V*", "rpushx K V*", "lpop K", "rpop K", "lpop K I", "rpop K I", "llen K", "lindex K I", "lrange K I I", "lrange K 0 -1",
        "lset K I V", "ltrim K I I", "lrem K I M", "lrem K 0|1|-1|2 M", "linsert K before|after|zz M V", "lpos K M", "lpos K M ?rank I ?count I ?maxlen I", "lpos K M rank -1|1|2 ?count 0|1|2 ?maxlen 0|3",
        "rpoplpush K K", "lmove K K left|right|zz left|right", "object encoding K",
    ];

    private static readonly string[] SortedSetCommands =
    [
        "zadd K N,M*", "zadd K N,M*", "zadd K nx|xx|gt|lt|ch N,M*", "zadd K nx|xx|gt|lt|ch ch|gt|lt|incr N,M", "zadd K incr N M", "zincrby K N M", "zrem K M*", "zscore K M", "zmscore K M*", "zcard K", "zrank K M",
        "zrevrank K M", "zpopmin K", "zpopmax K", "zpopmin K I", "zpopmax K I", "zrandmember K 0", "zrandmember K 100", "zrandmember K 100 withscores", "zscan K 0", "object encoding K",
    ];

    private static readonly string[] RangeCommands =
    [
        "zadd K N,M*", "zadd K 1,M*", "zadd K 1,M*", "sadd K M*", "zrange K I I ?withscores", "zrange K 0 -1 withscores", "zrevrange K I I ?withscores", "zrangebyscore K S S ?withscores", "zrangebyscore K S S limit I I",
        "zrevrangebyscore K S S ?withscores", "zrevrangebyscore K S S limit 1 2", "zcount K S S", "zremrangebyscore K S S", "zremrangebyrank K I I", "zrange K S S byscore ?rev ?limit I I", "zrange K I I ?rev ?withscores",
        "zrange K I I bylex|byscore|rev|limit bylex|rev|withscores", "zrangestore K K I I", "zrangestore K K S S byscore ?limit 0 2", "zunion 1|2|3 K K ?K ?withscores", "zinter 2 K K withscores",
        "zdiff 2 K K withscores", "zunion 2 K K weights N N withscores", "zunion 2 K K aggregate sum|min|max|zz withscores", "zunionstore K 2 K K ?weights 2 3 ?aggregate max", "zinterstore K 2 K K ?weights 1 N",
        "zdiffstore K 2 K K", "zintercard 2 K K ?limit I", "zmpop 2 K K min|max|zz ?count I", "lmpop 2 K K left|right ?count I", "lmpop 1|0|x K left", "rpush K M", "zpopmin K",
    ];

    /// <summary>Names in order: only when all scores are equal has Redis a promise about them.</summary>
    private static readonly string[] NameCommands =
    [
        "zadd K 0,M*", "zadd K 0,M*", "zrangebylex K L L", "zrevrangebylex K L L", "zrangebylex K L L limit I I", "zlexcount K L L", "zremrangebylex K L L", "zrange K L L bylex ?rev ?limit 1 2", "zrangebylex K L L withscores",
        "zrangestore K K L L bylex", "zrem K M",
    ];

    /// <summary>They wait for a moment only.</summary>
    private static readonly string[] PopCommands =
    [
        "rpush K M*", "zadd K N,M", "del K", "blpop K K 0.001", "blpop K abc", "blpop K -1", "blpop K nan", "multi", "exec", "discard", "brpop K K 0.001", "bzpopmin K 0.001", "bzpopmax K K 0.001",
        "blmove K K left|zz right 0.001", "brpoplpush K K 0.001", "blmpop 0.001 2 K K left count 2", "bzmpop 0.001 1 K min", "blmpop 0.001 0 K left", "bzmpop x 1 K min", "bzmpop 0.001 1 K zz", "publish V V",
    ];

    /// <summary>What turns up everywhere: keys of other kinds, and keys that go.</summary>
    private static readonly string[] Mixed = ["del K", "set K V", "type K", "copy K K replace", "rename K K", "hset K M V", "sadd K M", "rpush K V", "zadd K N M"];

    private static readonly string[] TransactionCommands = ["multi", "exec", "exec", "discard", "watch K*", "unwatch", "incr K", "get K", "set K V", "lpush2 K", "get K K"];

    public static readonly Dictionary<string, string[]> Groups = new(StringComparer.Ordinal)
    {
        ["strings"] = [.. StringCommands, "del K"],
        ["bits"] = [.. BitCommands, "del K", "lpush K V"],
        ["keys"] = [.. KeyCommands, "set K V", "set K 5 ex 100"],
        ["hashes"] = [.. HashCommands, .. HashCommands, .. Mixed],
        ["sets"] = [.. SetCommands, .. SetCommands, .. Mixed],
        ["lists"] = [.. ListCommands, .. ListCommands, .. Mixed],
        ["sorted sets"] = [.. SortedSetCommands, .. SortedSetCommands, .. Mixed],
        ["ranges"] = [.. RangeCommands, .. RangeCommands, .. Mixed],
        ["names"] = NameCommands,
        ["pops"] = PopCommands,
        ["transactions"] = [.. TransactionCommands, "set K 5"],
    };
}
