namespace OpenCluster.LoadBalancer.Http2.Hpack;

/// <summary>The fields that both sides know from the start, RFC 7541, Appendix A. Indices begin at 1.</summary>
internal static class StaticTable
{
    public const int Count = 61;

    public const int Authority = 1, MethodGet = 2, MethodPost = 3, Path = 4, SchemeHttp = 6, SchemeHttps = 7, Status = 8;

    private static readonly (string Name, string Value)[] Table =
    [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"), (":scheme", "http"),
        (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"),
        (":status", "404"), (":status", "500"), ("accept-charset", ""), ("accept-encoding", "gzip, deflate"), ("accept-language", ""),
        ("accept-ranges", ""), ("accept", ""), ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
        ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
        ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""),
        ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
        ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""),
        ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
        ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ];

    private static readonly byte[][] Names = [.. Table.Select(f => System.Text.Encoding.ASCII.GetBytes(f.Name))];
    private static readonly byte[][] Values = [.. Table.Select(f => System.Text.Encoding.ASCII.GetBytes(f.Value))];
    // By hash, the index of a name's first entry; 0 where there is none. Sparse enough that a miss is nearly always an empty place.
    private static readonly byte[] ByName = Hashed();

    public static ReadOnlySpan<byte> Name(int index) => Names[index - 1];

    public static ReadOnlySpan<byte> Value(int index) => Values[index - 1];

    /// <summary>The first entry with that name, which must be in lower case; 0 when there is none.</summary>
    public static int IndexOf(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty) return 0;
        for (var place = Hash(name); ByName[place] != 0; place = place + 1 & 255)
            if (name.SequenceEqual(Names[ByName[place] - 1])) return ByName[place];
        return 0;
    }

    private static byte[] Hashed()
    {
        var places = new byte[256];
        for (var index = 1; index <= Count; index++)
        {
            if (index > 1 && Name(index).SequenceEqual(Name(index - 1))) continue;
            var place = Hash(Name(index));
            while (places[place] != 0) place = place + 1 & 255;
            places[place] = (byte)index;
        }
        return places;
    }

    private static int Hash(ReadOnlySpan<byte> name) => (name.Length * 37 + name[0] * 5 + name[^1] * 11 + name[name.Length / 2] * 3) & 255;
}
