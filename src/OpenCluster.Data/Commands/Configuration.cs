using System.Globalization;
using System.Text;
using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Commands;

/// <summary>CONFIG GET and SET, for the few settings that clients and frameworks ask for.</summary>
internal static class Configuration
{
    private static readonly (string Name, Func<Call, string> Read, Func<Call, string, bool>? Write)[] Settings =
    [
        ("appendfsync", call => call.Executor.Log?.PolicyName ?? "no", null),
        ("appendonly", call => call.Executor.Log is null ? "no" : "yes", null),
        ("databases", _ => "1", null),
        ("maxmemory", call => call.Space.Limits.MemoryBytes.ToString(CultureInfo.InvariantCulture), null),
        ("maxmemory-policy", call => call.Executor.EvictionName, null),
        ("notify-keyspace-events", call => EventLetters.Of(call.Space.Events), SetEvents),
        ("proto-max-bulk-len", _ => Limits.MaxValueBytes.ToString(CultureInfo.InvariantCulture), null),
        ("save", _ => "", null),
        ("timeout", _ => "0", null),
    ];

    public static void Get(Call call)
    {
        var patterns = Enumerable.Range(2, call.Count - 2).Select(i => Encoding.UTF8.GetString(call[i]).ToLowerInvariant()).ToArray();
        var found = Settings.Where(s => patterns.Any(p => Glob.Matches(Encoding.UTF8.GetBytes(p), Encoding.UTF8.GetBytes(s.Name)))).ToArray();
        call.Reply.Map(found.Length);
        foreach (var (name, read, _) in found)
        {
            call.Reply.Bulk(name);
            call.Reply.Bulk(read(call));
        }
    }

    public static void Set(Call call)
    {
        if (call.Count % 2 != 0)
        {
            call.Reply.Error("ERR wrong number of arguments for 'config|set' command"u8);
            return;
        }
        for (var i = 2; i < call.Count; i += 2)
        {
            var name = Encoding.UTF8.GetString(call[i]).ToLowerInvariant();
            var write = Settings.FirstOrDefault(s => s.Name == name).Write;
            if (write is not null && write(call, Encoding.UTF8.GetString(call[i + 1]))) continue;
            call.Reply.Error(write is null
                ? $"ERR Unknown option or number of arguments for CONFIG SET - '{name}': only notify-keyspace-events is changed here, the rest when the server is started"
                : $"ERR CONFIG SET failed (possibly related to argument '{name}') - argument not valid");
            return;
        }
        call.Reply.Ok();
    }

    private static bool SetEvents(Call call, string letters)
    {
        if (EventLetters.Parse(letters) is not { } kinds) return false;
        call.Space.Events = kinds;
        return true;
    }
}
