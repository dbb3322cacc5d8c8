namespace OpenCluster.Store.Embedded;

/// <summary>
/// The order of the keys' UTF-8 bytes, which is etcd's. Ordinal comparison of .NET strings differs from it only where
/// surrogates (code points from U+10000) meet U+E000 to U+FFFF.
/// </summary>
internal sealed class KeyOrder : IComparer<Document>
{
    public static readonly KeyOrder Instance = new();

    /// <summary>A document to look a key up with.</summary>
    public static Document Probe(string key) => new(key, default, 0, 0, null);

    public int Compare(Document? x, Document? y) => Compare(x!.Key, y!.Key);

    private static int Compare(string x, string y)
    {
        var shared = x.AsSpan().CommonPrefixLength(y);
        if (shared == x.Length || shared == y.Length)
            return x.Length - y.Length;
        return Rank(x[shared]) - Rank(y[shared]);
    }

    /// <summary>Moves the surrogates above all other characters.</summary>
    private static int Rank(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
}
