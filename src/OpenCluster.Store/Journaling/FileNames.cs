using System.Globalization;

namespace OpenCluster.Store.Journaling;

/// <summary>The names of the journal's files: the sequence in them, in hexadecimal, sorts them.</summary>
internal static class FileNames
{
    public const string TemporarySuffix = ".tmp";
    private const string SegmentPrefix = "segment-";
    private const string SnapshotPrefix = "snapshot-";

    public static string Segment(long sequence) => SegmentPrefix + Digits(sequence);

    public static string Snapshot(long sequence) => SnapshotPrefix + Digits(sequence);

    public static bool TrySegment(string name, out long sequence) => TryParse(name, SegmentPrefix, out sequence);

    public static bool TrySnapshot(string name, out long sequence) => TryParse(name, SnapshotPrefix, out sequence);

    /// <summary>The sequence in the name of a segment.</summary>
    public static long SequenceOf(string segment) =>
        TrySegment(segment, out var sequence) ? sequence : throw new ArgumentException($"{segment} is not the name of a segment.", nameof(segment));

    private static string Digits(long sequence) => sequence.ToString("x16", CultureInfo.InvariantCulture);

    private static bool TryParse(string name, string prefix, out long sequence)
    {
        sequence = 0;
        return name.StartsWith(prefix, StringComparison.Ordinal)
            && name.Length == prefix.Length + 16
            && long.TryParse(name.AsSpan(prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out sequence);
    }
}
