namespace OpenCluster.Decisions.Targets;

/// <summary>
/// Which target takes one request, from the shares that <see cref="Weighing"/> gave: costs the logarithm of the number of targets and
/// allocates nothing.
/// </summary>
public static class TargetChoice
{
    /// <summary>2^64 divided by the golden ratio: multiples of it, taken as fractions, fill the range evenly from the first on.</summary>
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>
    /// Two candidates drawn by share, from 64 random bits; the same one twice when chance has it so, (-1, -1) when none serves.
    /// The first is the one to take when both are equally busy, which keeps shares exact at low load.
    /// </summary>
    public static (int First, int Second) Draw(ReadOnlySpan<int> upTo, ulong random)
    {
        var sum = upTo.IsEmpty ? 0 : upTo[^1];
        if (sum == 0) return (-1, -1);
        return (Find(upTo, Below(sum, (uint)random)), Find(upTo, Below(sum, (uint)(random >> 32))));
    }

    /// <summary>Round robin: the candidate for turn <paramref name="turn"/>, -1 when none serves. Over any stretch of turns each comes as often as its share says, give or take one or two.</summary>
    /// <param name="equal">How many have a share, when all of these are alike, else 0: then the turns are strict.</param>
    public static int Turn(ReadOnlySpan<int> upTo, uint turn, int equal)
    {
        var sum = upTo.IsEmpty ? 0 : upTo[^1];
        if (sum == 0) return -1;
        return equal > 0
            ? Find(upTo, (int)((long)sum / equal * (turn % (uint)equal)))
            : Find(upTo, Below(sum, (uint)((turn * Golden) >> 32)));
    }

    /// <summary>How many have a share if all of these are alike, else 0; for <see cref="Turn"/>.</summary>
    public static int Equal(ReadOnlySpan<int> upTo)
    {
        var (count, each) = (0, 0);
        for (var i = 0; i < upTo.Length; i++)
        {
            var share = Share(upTo, i);
            if (share == 0) continue;
            if (count++ == 0) each = share;
            else if (share != each) return 0;
        }
        return count;
    }

    /// <summary>Whether the second of two drawn candidates is less busy for its share than the first.</summary>
    public static bool SecondIsFreer(int firstInFlight, int firstShare, int secondInFlight, int secondShare) =>
        (long)secondInFlight * firstShare < (long)firstInFlight * secondShare;

    /// <summary>The share of candidate <paramref name="index"/>; zero when it has none.</summary>
    public static int Share(ReadOnlySpan<int> upTo, int index) => upTo[index] - (index == 0 ? 0 : upTo[index - 1]);

    private static int Below(int bound, uint random) => (int)(((ulong)random * (uint)bound) >> 32);

    /// <summary>The first candidate whose running sum is above <paramref name="point"/>.</summary>
    private static int Find(ReadOnlySpan<int> upTo, int point)
    {
        int low = 0, high = upTo.Length - 1;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (upTo[middle] > point) high = middle;
            else low = middle + 1;
        }
        return low;
    }
}
