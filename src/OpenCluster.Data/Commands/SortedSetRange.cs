using OpenCluster.Data.Collections;
using OpenCluster.Data.Execution;
using OpenCluster.Resp;

namespace OpenCluster.Data.Commands;

/// <summary>By what a stretch of a sorted set is told.</summary>
internal enum RangeKind
{
    Rank,
    Score,

    /// <summary>By name, all scores being equal.</summary>
    Name,
}

/// <summary>Two bounds: ranks from 0 (negative: from the end), scores, or names.</summary>
internal sealed class SortedSetRange
{
    private readonly RangeKind kind;
    private readonly (long First, long Last) ranks;
    private readonly (double Score, bool IsOpen) leastScore, greatestScore;
    private readonly NameBound leastName, greatestName;

    private SortedSetRange(long first, long last) => (kind, ranks) = (RangeKind.Rank, (first, last));

    private SortedSetRange((double, bool) least, (double, bool) greatest) => (kind, leastScore, greatestScore) = (RangeKind.Score, least, greatest);

    private SortedSetRange(NameBound least, NameBound greatest) => (kind, leastName, greatestName) = (RangeKind.Name, least, greatest);

    /// <summary>Reads the two bounds at <paramref name="at"/>; of scores and names the greater one comes first when the order is reversed. False: answered.</summary>
    public static bool TryParse(Call call, int at, RangeKind kind, bool isReverse, out SortedSetRange range)
    {
        range = null!;
        var (least, greatest) = isReverse ? (at + 1, at) : (at, at + 1);
        switch (kind)
        {
            case RangeKind.Rank:
                if (!call.TryInteger(at, out var first) || !call.TryInteger(at + 1, out var last)) return false;
                range = new SortedSetRange(first, last);
                return true;
            case RangeKind.Score:
                if (TryScore(call[least], out var low) && TryScore(call[greatest], out var high)) range = new SortedSetRange(low, high);
                else call.Reply.Error("ERR min or max is not a float"u8);
                break;
            default:
                if (NameBound.TryParse(call[least], out var from) && NameBound.TryParse(call[greatest], out var to)) range = new SortedSetRange(from, to);
                else call.Reply.Error("ERR min or max not valid string range item"u8);
                break;
        }
        return range is not null;
    }

    /// <summary>Rank of its first item, and how many there are, in the order of the scores whatever the direction.</summary>
    public (int First, int Length) In(SortedSetValue set, bool isReverse)
    {
        if (kind == RangeKind.Rank)
        {
            var (first, length) = Ranges.ClampElements(ranks.First, ranks.Last, set.Count);
            return isReverse ? (set.Count - first - length, length) : (first, length);
        }
        var before = set.Order.CountWhile(IsBefore);
        var upTo = set.Order.CountWhile(item => !IsBehind(item));
        return (before, Math.Max(0, upTo - before));
    }

    private bool IsBefore(Scored item) => kind == RangeKind.Score
        ? item.Score < leastScore.Score || (leastScore.IsOpen && item.Score == leastScore.Score)
        : leastName.Compare(item.Member.Key) is var order && (order < 0 || (leastName.IsOpen && order == 0));

    private bool IsBehind(Scored item) => kind == RangeKind.Score
        ? item.Score > greatestScore.Score || (greatestScore.IsOpen && item.Score == greatestScore.Score)
        : greatestName.Compare(item.Member.Key) is var order && (order > 0 || (greatestName.IsOpen && order == 0));

    private static bool TryScore(ReadOnlySpan<byte> text, out (double Score, bool IsOpen) bound)
    {
        bound = (0, text.StartsWith("("u8));
        if (bound.IsOpen) text = text[1..];
        // As Redis has it: nothing is 0.
        if (text.IsEmpty) return true;
        if (!RespNumber.TryDouble(text, out var score)) return false;
        bound.Score = score;
        return true;
    }

    /// <summary>[name with it, (name without it, - before and + behind everything.</summary>
    private readonly record struct NameBound(byte[] Name, bool IsOpen, int End)
    {
        public static bool TryParse(ReadOnlySpan<byte> text, out NameBound bound)
        {
            bound = default;
            if (text.SequenceEqual("-"u8) || text.SequenceEqual("+"u8))
            {
                bound = new NameBound([], false, text[0] == (byte)'-' ? -1 : 1);
                return true;
            }
            if (text.IsEmpty || text[0] is not ((byte)'(' or (byte)'[')) return false;
            bound = new NameBound(text[1..].ToArray(), text[0] == (byte)'(', 0);
            return true;
        }

        /// <summary>Where a name is, seen from here: before (less than 0), here, behind.</summary>
        public int Compare(ReadOnlySpan<byte> name) => End != 0 ? -End : name.SequenceCompareTo(Name);
    }
}
