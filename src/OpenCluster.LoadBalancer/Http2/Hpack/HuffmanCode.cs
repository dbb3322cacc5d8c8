namespace OpenCluster.LoadBalancer.Http2.Hpack;

/// <summary>
/// The Huffman code of RFC 7541, Appendix B. It is canonical: codes of one length are consecutive in the order of their symbols, so the lengths
/// say everything. Decoded four bits at a time by a table made of its tree; the shortest code has five bits, so a step yields at most one symbol.
/// </summary>
internal static class HuffmanCode
{
    private const int EndOfString = 256;
    private const ushort Emits = 0x8000;

    /// <summary>Bits of the code of each byte, and of the end of a string, which must never occur.</summary>
    private static readonly byte[] Lengths =
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    // By node of the tree and next four bits: the node reached, and, when a symbol ended on the way, that symbol with Emits.
    private static readonly byte[] Next = new byte[256 * 16];
    private static readonly ushort[] Symbols = new ushort[256 * 16];
    // A string may end here: only ones since the last symbol, fewer than eight (§5.2).
    private static readonly bool[] MayEnd = new bool[256];

    static HuffmanCode() => Build();

    /// <summary>The most bytes that so many encoded ones can become.</summary>
    public static int MaxDecoded(int encoded) => (int)((long)encoded * 8 / 5);

    /// <summary>Decodes a string; -1 when it is malformed. <paramref name="into"/> must hold <see cref="MaxDecoded"/> bytes.</summary>
    public static int Decode(ReadOnlySpan<byte> encoded, Span<byte> into)
    {
        var (node, length) = (0, 0);
        foreach (var two in encoded)
        {
            for (var shift = 4; shift >= 0; shift -= 4)
            {
                var step = node << 4 | (two >> shift & 15);
                var symbol = Symbols[step];
                if (symbol >= Emits)
                {
                    if (symbol == (Emits | EndOfString)) return -1;
                    into[length++] = (byte)symbol;
                }
                node = Next[step];
            }
        }
        return MayEnd[node] ? length : -1;
    }

    private static void Build()
    {
        // 257 leaves make 256 inner nodes; 0 is the root. A child is a node, or a leaf as ~symbol.
        var children = new int[256, 2];
        var nodes = 1;
        var code = 0u;
        var last = 0;
        foreach (var symbol in Enumerable.Range(0, Lengths.Length).OrderBy(s => Lengths[s]).ThenBy(s => s))
        {
            code <<= Lengths[symbol] - last;
            last = Lengths[symbol];
            var node = 0;
            for (var bit = last - 1; bit > 0; bit--)
            {
                ref var child = ref children[node, code >> bit & 1];
                if (child == 0) child = nodes++;
                node = child;
            }
            children[node, code & 1] = ~symbol;
            code++;
        }
        for (var node = 0; node < 256; node++)
            for (var bits = 0; bits < 16; bits++)
                Follow(children, node, bits);
        for (var (node, ones) = (0, 0); ones < 8; ones++, node = children[node, 1]) MayEnd[node] = true;
    }

    private static void Follow(int[,] children, int node, int bits)
    {
        var step = node << 4 | bits;
        for (var bit = 3; bit >= 0; bit--)
        {
            var child = children[node, bits >> bit & 1];
            if (child < 0) Symbols[step] = (ushort)(Emits | ~child);
            node = child < 0 ? 0 : child;
        }
        Next[step] = (byte)node;
    }
}
