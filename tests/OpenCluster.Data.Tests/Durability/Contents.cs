namespace OpenCluster.Data.Tests.Durability;

/// <summary>What a server holds, as one text: keys in order, with kind, value and time.</summary>
internal static class Contents
{
    public static string Of(DataClient client) =>
        string.Join('\n', client.Ask("keys", "*").Items.Select(k => k.Latin1).Order(StringComparer.Ordinal).Select(key => $"{key} {client.Ask("pexpiretime", key)} {Value(client, key)}"));

    private static string Value(DataClient client, string key)
    {
        var kind = client.Ask("type", key).Text;
        var encoding = client.Ask("object", "encoding", key);
        return $"{encoding} {kind} " + kind switch
        {
            "string" => client.Ask("get", key).ToString(),
            "list" => client.Ask("lrange", key, "0", "-1").ToString(),
            "set" => Sorted(client.Ask("smembers", key).Items),
            "zset" => Scores(client, key),
            _ => Sorted(client.Ask("hgetall", key).Items.Chunk(2).Select(p => $"{p[0]}={p[1]}")),
        };
    }

    private static string Scores(DataClient client, string key)
    {
        var members = client.Ask("zscan", key, "0", "count", "100000").Items[1].Items.Chunk(2).Select(p => p[0].Latin1).ToList();
        return Sorted(members.Select(m => $"{m}={client.Ask("zscore", key, m)}#{client.Ask("zrank", key, m)}"));
    }

    private static string Sorted<T>(IEnumerable<T> items) => string.Join(", ", items.Select(i => i!.ToString()).Order(StringComparer.Ordinal));
}
