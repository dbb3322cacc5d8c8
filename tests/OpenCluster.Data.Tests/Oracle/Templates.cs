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

    private static readonly string[] KeyCommands =
    [
        "del K*", "unlink K*", "exists K*", "touch K*", "type K", "rename K K", "renamenx K K", "copy K K ?replace", "copy K K db 0", "dbsize", "randomkey", "expire K 100", "expire K T",
        "pexpire K 100000 ?nx|xx|gt|lt ?nx|xx|gt|lt", "expireat K T ?nx|xx|gt|lt|zz", "ttl K", "persist K", "object encoding K", "keys *", "keys k[1-3]", "keys k[^2]",
        "keys V", "keys ?0", "flushall V", "nosuch K V V", "get", "echo V", "ping V", "select I", "object nosuch K", "scan V", "scan 0 count I", "scan 0 match k* count 100", "scan 0 type string count 1000",
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

    /// <summary>What turns up everywhere: keys of other kinds, and keys that go.</summary>
    private static readonly string[] Mixed = ["del K", "set K V", "type K", "copy K K replace", "rename K K", "hset K M V", "sadd K M", "rpush K V", "zadd K N M"];

    private static readonly string[] TransactionCommands = ["multi", "exec", "exec", "discard", "watch K*", "unwatch", "incr K", "get K", "set K V", "lpush2 K", "get K K"];

    public static readonly Dictionary<string, string[]> Groups = new(StringComparer.Ordinal)
    {
        ["strings"] = [.. StringCommands, "del K"],
        ["keys"] = [.. KeyCommands, "set K V", "set K 5 ex 100"],
        ["hashes"] = [.. HashCommands, .. HashCommands, .. Mixed],
        ["sets"] = [.. SetCommands, .. SetCommands, .. Mixed],
        ["lists"] = [.. ListCommands, .. ListCommands, .. Mixed],
        ["sorted sets"] = [.. SortedSetCommands, .. SortedSetCommands, .. Mixed],
        ["transactions"] = [.. TransactionCommands, "set K 5"],
    };
}
