using OpenCluster.Resp;

namespace OpenCluster.Data.Tests.Oracle;

/// <summary>The same random commands to a real redis-server and to ours: the same answers, errors included.</summary>
public sealed class OracleTests(RedisServer redis) : IClassFixture<RedisServer>
{
    private const int Commands = 600;

    public static TheoryData<string, int, int> Runs => [.. Templates.Groups.Keys.SelectMany(group => Enumerable.Range(1, 3).Select(seed => new TheoryDataRow<string, int, int>(group, seed, seed == 3 ? 3 : 2)))];

    [Theory]
    [MemberData(nameof(Runs))]
    public void Ours_answers_what_redis_answers(string group, int seed, int protocol)
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var ours = new DataClient(host.Port);
        using var theirs = new DataClient(redis.Port);
        theirs.Ask("flushall");
        theirs.Ask("reset");
        theirs.Ask("hello", $"{protocol}");
        ours.Ask("hello", $"{protocol}");
        var source = new CommandSource(seed, Templates.Groups[group]);
        var (told, wrong) = (new List<string>(), new List<string>());
        for (var i = 0; i < Commands; i++)
        {
            var words = source.Next();
            var (expected, actual) = (theirs.Ask(words), ours.Ask(words));
            told.Add($"{string.Join(' ', words)} → {expected}");
            if (IsSame(words, expected, actual)) continue;
            wrong.Add($"{string.Join('\n', told.TakeLast(expected.IsError && actual.IsError ? 1 : 12))}\nours: {actual}");
            // Both have refused, so both still hold the same: the rest is worth comparing too.
            if (!expected.IsError || !actual.IsError || wrong.Count == 10) break;
        }
        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
    }

    private static bool IsSame(string[] words, RespValue expected, RespValue actual)
    {
        // How far one step of a scan comes is nobody's promise. One that comes to the end tells everything.
        if (words[0].EndsWith("scan", StringComparison.OrdinalIgnoreCase) && IsStep(words, expected) | IsStep(words, actual)) return expected.IsError == actual.IsError;
        // Redis repeats a subcommand as it was written.
        if (expected.IsError && actual.IsError && expected.Text.Contains("Try ", StringComparison.Ordinal)) return expected.Text.Equals(actual.Text, StringComparison.OrdinalIgnoreCase);
        // Redis counts over the end of a number here.
        if (expected.Text == "ERR timeout is negative" && actual.Text == "ERR timeout is out of range") return true;
        return expected.Kind == actual.Kind && Comparable(words, expected) == Comparable(words, actual);
    }

    private static bool IsStep(string[] words, RespValue reply) => reply.Items.Count == 2 && (reply.Items[0].Text != "0" || words[words[0].Length == 4 ? 1 : 2] != "0");

    /// <summary>A reply as text; of what comes in no order, sorted.</summary>
    private static string Comparable(string[] words, RespValue reply) => words[0].ToUpperInvariant() switch
    {
        "KEYS" => Sorted(reply),
        "RANDOMKEY" => reply.Kind.ToString(),
        // What was slow depends on who else uses the machine.
        "SLOWLOG" when !reply.IsError => reply.Kind.ToString(),
        "HRANDFIELD" or "SRANDMEMBER" or "ZRANDMEMBER" when !reply.IsError && words is not [_, _, "100", ..] => $"{reply.Kind} {reply.Items.Count}",
        "SCAN" or "HSCAN" or "SSCAN" or "ZSCAN" when !reply.IsError => Sorted(reply.Items[1]),
        "HGETALL" or "HKEYS" or "HVALS" or "SMEMBERS" or "SINTER" or "SUNION" or "SDIFF" or "SPOP" or "SRANDMEMBER" or "HRANDFIELD" or "ZRANDMEMBER" => Sorted(reply),
        _ => reply.ToString(),
    };

    private static string Sorted(RespValue reply) => reply.IsError || reply.Kind == RespKind.Null ? reply.ToString() : string.Join(", ", reply.Items.Select(i => i.ToString()).Order(StringComparer.Ordinal));
}
