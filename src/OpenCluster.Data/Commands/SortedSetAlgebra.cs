using OpenCluster.Data.Collections;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;
using OpenCluster.Data.Spaces;
using OpenCluster.Resp;

namespace OpenCluster.Data.Commands;

/// <summary>Unions, intersections and differences of sorted sets (and of sets, whose scores are 1), answered or stored.</summary>
internal static class SortedSetAlgebra
{
    private const CommandFlags Read = CommandFlags.ReadOnly;
    private const CommandFlags Store = CommandFlags.Write | CommandFlags.DenyMemory;

    public static IEnumerable<Command> Commands =>
    [
        new("zunion", -3, Read, KeyRange.None, call => Answer(call, Operation.Union)),
        new("zinter", -3, Read, KeyRange.None, call => Answer(call, Operation.Intersection)),
        new("zdiff", -3, Read, KeyRange.None, call => Answer(call, Operation.Difference)),
        new("zunionstore", -4, Store, KeyRange.One, call => Keep(call, Operation.Union, "zunionstore"u8)),
        new("zinterstore", -4, Store, KeyRange.One, call => Keep(call, Operation.Intersection, "zinterstore"u8)),
        new("zdiffstore", -4, Store, KeyRange.One, call => Keep(call, Operation.Difference, "zdiffstore"u8)),
        new("zintercard", -3, Read, KeyRange.None, Count),
    ];

    private enum Operation
    {
        Union,
        Intersection,
        Difference,
    }

    private enum Aggregate
    {
        Sum,
        Least,
        Greatest,
    }

    /// <summary>Puts members with their scores at the first key; nothing removes it.</summary>
    public static void Keep(Call call, IReadOnlyList<(byte[] Name, double Score)> members, ReadOnlySpan<byte> what)
    {
        if (members.Count == 0)
        {
            if (call.Keys.Remove(call[1])) call.Changed(call[1], EventKind.Generic, "del"u8);
            call.Reply.Integer(0);
            return;
        }
        var stored = SortedSetValue.Create(call.Keys.Arena);
        foreach (var (name, score) in members) SortedSets.Put(new SortedSetValue(stored, call.Keys.Arena), name, score);
        call.Keys.AddCollection(call[1], ValueKind.SortedSet, stored);
        call.Changed(call[1], EventKind.SortedSet, what);
        call.Reply.Integer(members.Count);
    }

    private static void Answer(Call call, Operation operation)
    {
        if (!TryParse(call, 1, operation, out var options)) return;
        var members = InOrder(Compute(call, operation, options));
        var pairs = options.WithScores && call.Reply.Protocol == 3;
        call.Reply.Array(options.WithScores && !pairs ? members.Count * 2 : members.Count);
        foreach (var (name, score) in members)
        {
            if (pairs) call.Reply.Array(2);
            call.Reply.Bulk(name);
            if (options.WithScores) SortedSets.AnswerScore(call, score);
        }
    }

    private static void Keep(Call call, Operation operation, ReadOnlySpan<byte> what)
    {
        if (TryParse(call, 2, operation, out var options)) Keep(call, InOrder(Compute(call, operation, options)), what);
    }

    private static void Count(Call call)
    {
        if (!TryParse(call, 1, Operation.Intersection, out var options, onlyCount: true)) return;
        var count = Compute(call, Operation.Intersection, options).Count;
        call.Reply.Integer(options.Limit > 0 ? Math.Min(options.Limit, count) : count);
    }

    private sealed record Options(Entry[] Sets, double[] Weights, Aggregate Aggregate, bool WithScores, long Limit);

    private static bool TryParse(Call call, int at, Operation operation, out Options options, bool onlyCount = false)
    {
        options = null!;
        if (!call.TryInteger(at, out var count)) return false;
        if (count < 1)
        {
            call.Reply.Error($"ERR at least 1 input key is needed for '{call.Command.Name}' command");
            return false;
        }
        if (count > call.Count - at - 1) return Wrong(call, Errors.Syntax);
        var (first, next) = (at + 1, at + 1 + (int)count);
        for (var i = first; i < next; i++)
            if (!IsEither(call, call.Keys.Find(call[i])))
                return Wrong(call, Errors.WrongType);
        var weights = new double[count];
        Array.Fill(weights, 1);
        var (aggregate, withScores, limit) = (Aggregate.Sum, false, 0L);
        for (var i = next; i < call.Count; i++)
        {
            var hasWeights = operation != Operation.Difference && !onlyCount;
            if (hasWeights && call.Is(i, "weights"u8) && call.Count - i >= count + 1)
            {
                for (var w = 0; w < count; w++)
                    if (!RespNumber.TryDouble(call[++i], out weights[w]))
                        return Wrong(call, "ERR weight value is not a float"u8);
            }
            else if (hasWeights && call.Is(i, "aggregate"u8) && i + 1 < call.Count)
            {
                i++;
                if (call.Is(i, "sum"u8)) aggregate = Aggregate.Sum;
                else if (call.Is(i, "min"u8)) aggregate = Aggregate.Least;
                else if (call.Is(i, "max"u8)) aggregate = Aggregate.Greatest;
                else return Wrong(call, Errors.Syntax);
            }
            else if (at == 1 && !onlyCount && call.Is(i, "withscores"u8)) withScores = true;
            else if (onlyCount && call.Is(i, "limit"u8) && i + 1 < call.Count)
            {
                if (!call.TryInteger(++i, out limit, "ERR LIMIT can't be negative"u8)) return false;
                if (limit < 0) return Wrong(call, "ERR LIMIT can't be negative"u8);
            }
            else return Wrong(call, Errors.Syntax);
        }
        // Looking one up may have removed another whose time has come; none is over now.
        var sets = new Entry[count];
        for (var i = 0; i < count; i++) sets[i] = call.Keys.Peek(call[first + i]);
        options = new Options(sets, weights, aggregate, withScores, limit);
        return true;
    }

    private static bool IsEither(Call call, Entry entry) => entry.IsNull || entry.Kind is ValueKind.SortedSet or ValueKind.Set;

    private static Dictionary<byte[], double> Compute(Call call, Operation operation, Options options)
    {
        var result = new Dictionary<byte[], double>(ByteKeys.Instance);
        if (operation == Operation.Difference)
        {
            Each(call, options.Sets[0], 1, (name, score) => result[name.ToArray()] = score);
            foreach (var set in options.Sets.Skip(1)) Each(call, set, 1, (name, _) => result.Remove(name.ToArray()));
            return result;
        }
        // The smallest comes first, as with Redis, so that sums are rounded alike.
        var order = Enumerable.Range(0, options.Sets.Length).OrderBy(i => Size(call, options.Sets[i])).ToArray();
        Each(call, options.Sets[order[0]], options.Weights[order[0]], (name, score) => result[name.ToArray()] = score);
        foreach (var i in order.Skip(1))
        {
            var seen = new Dictionary<byte[], double>(ByteKeys.Instance);
            Each(call, options.Sets[i], options.Weights[i], (name, score) =>
            {
                var key = name.ToArray();
                var isThere = result.TryGetValue(key, out var before);
                if (isThere) seen[key] = Combine(options.Aggregate, before, score);
                else if (operation == Operation.Union) seen[key] = score;
            });
            if (operation == Operation.Intersection) result = seen;
            else foreach (var (name, score) in seen) result[name] = score;
        }
        return result;
    }

    private delegate void Member(ReadOnlySpan<byte> name, double score);

    private static void Each(Call call, Entry set, double weight, Member member)
    {
        if (set.IsNull) return;
        foreach (var element in Elements.Map(call, set, set.Kind))
        {
            var score = weight * (set.Kind == ValueKind.Set ? 1 : SortedSetValue.ScoreOf(element));
            member(element.Key, double.IsNaN(score) ? 0 : score);
        }
    }

    private static long Size(Call call, Entry set) => set.IsNull ? 0 : Elements.Map(call, set, set.Kind).Count;

    private static double Combine(Aggregate aggregate, double a, double b) => aggregate switch
    {
        Aggregate.Least => Math.Min(a, b),
        Aggregate.Greatest => Math.Max(a, b),
        // Infinities that cancel each other are 0.
        _ => a + b is var sum && double.IsNaN(sum) ? 0 : a + b,
    };

    private static List<(byte[] Name, double Score)> InOrder(Dictionary<byte[], double> members)
    {
        var sorted = members.Select(m => (Name: m.Key, Score: m.Value)).ToList();
        sorted.Sort((a, b) => a.Score != b.Score ? a.Score.CompareTo(b.Score) : a.Name.AsSpan().SequenceCompareTo(b.Name));
        return sorted;
    }

    private static bool Wrong(Call call, ReadOnlySpan<byte> what)
    {
        call.Reply.Error(what);
        return false;
    }
}
