namespace OpenCluster.Data.Keyspace;

/// <summary>
/// What a use leaves in an entry's 24 bits for eviction to judge by: the second of the last use, or (<see cref="CountsUses"/>) how often, a
/// logarithmic counter of 8 bits that loses one for each minute without use, and the minute.
/// </summary>
internal sealed class AccessClock
{
    private const uint LowBits = 0x00ff_ffff;

    /// <summary>A new key begins here, so that it is not the first to go before anyone could use it again.</summary>
    private const uint FirstCount = 5;

    /// <summary>The counter reaches 255 after about a million uses.</summary>
    private const double LogFactor = 10;

    private uint seconds;
    private uint state = 0x9e3779b9;

    /// <summary>Counts uses instead of remembering the last.</summary>
    public bool CountsUses { get; set; }

    public void Advance(long milliseconds) => seconds = (uint)(milliseconds / 1000) & LowBits;

    public void Start(Entry entry) => entry.Access = CountsUses ? Minute << 8 | FirstCount : seconds;

    public void Touch(Entry entry)
    {
        var was = entry.Access;
        if (!CountsUses)
        {
            if (was != seconds) entry.Access = seconds;
            return;
        }
        var count = Count(entry);
        if (count < 255 && Chance() < 1 / ((Math.Max(0, (int)count - (int)FirstCount) * LogFactor) + 1)) count++;
        entry.Access = Minute << 8 | count;
    }

    /// <summary>Seconds since the last use.</summary>
    public uint IdleSeconds(Entry entry) => CountsUses ? (Minute - (entry.Access >> 8) & 0xffff) * 60 : seconds - entry.Access & LowBits;

    /// <summary>The counter of uses as it stands now.</summary>
    public uint Count(Entry entry)
    {
        var passed = Minute - (entry.Access >> 8) & 0xffff;
        var count = entry.Access & 0xff;
        return passed >= count ? 0 : count - passed;
    }

    /// <summary>16 bits: 45 days until it comes round.</summary>
    private uint Minute => seconds / 60 & 0xffff;

    /// <summary>0 to 1, from a generator of 32 bits (xorshift): eviction needs no better.</summary>
    private double Chance()
    {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return state / (double)uint.MaxValue;
    }
}
