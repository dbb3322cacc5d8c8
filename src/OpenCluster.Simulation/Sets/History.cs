namespace OpenCluster.Simulation.Sets;

/// <summary>What a copy holds: writes in order. Two histories agree up to a point when the digests there are equal.</summary>
internal sealed class History
{
    private readonly List<(int Write, ulong Digest)> entries = [];

    public int Length => entries.Count;

    public ulong DigestAt(int length) => length == 0 ? 0 : entries[length - 1].Digest;

    public void Append(int write) => entries.Add((write, (DigestAt(Length) * 0x9E3779B97F4A7C15) + (ulong)write + 1));

    public IEnumerable<int> From(int start) => entries.Skip(start).Select(e => e.Write);

    public bool Begins(int length, ulong digest) => length <= Length && DigestAt(length) == digest;

    public History Copy()
    {
        var copy = new History();
        copy.entries.AddRange(entries);
        return copy;
    }

    public void LoseTail(int count) => entries.RemoveRange(Math.Max(0, Length - count), Math.Min(count, Length));
}
