using System.Text;
using OpenCluster.LoadBalancer.Http;

namespace OpenCluster.LoadBalancer.Web;

/// <summary>How a body is compressed (RFC 9110 §8.4.1), the better first where a client accepts several alike.</summary>
internal sealed record Coding(string Name, string Extension)
{
    public static readonly Coding Brotli = new("br", ".br");
    public static readonly Coding Zstandard = new("zstd", ".zst");
    public static readonly Coding Gzip = new("gzip", ".gz");

    public static readonly Coding[] All = [Brotli, Zstandard, Gzip];

    private readonly byte[] _name = Encoding.ASCII.GetBytes(Name);

    /// <summary>
    /// How much a client wants it, in thousandths; 0 for not at all (RFC 9110 §12.5.3). What is not named is not sent, <c>*</c> or not: who
    /// writes that means to save, not to be surprised.
    /// </summary>
    public int WeightIn(ReadOnlySpan<byte> accepted)
    {
        while (!accepted.IsEmpty)
        {
            var comma = accepted.IndexOf((byte)',');
            var item = Grammar.Trim(comma < 0 ? accepted : accepted[..comma]);
            accepted = comma < 0 ? default : accepted[(comma + 1)..];
            var semicolon = item.IndexOf((byte)';');
            if (!Ascii.EqualsIgnoreCase(Grammar.Trim(semicolon < 0 ? item : item[..semicolon]), _name)) continue;
            return semicolon < 0 ? 1000 : Thousandths(Grammar.Trim(item[(semicolon + 1)..]));
        }
        return 0;
    }

    /// <summary><c>q=0.5</c>; whatever is no weight counts as none.</summary>
    private static int Thousandths(ReadOnlySpan<byte> weight)
    {
        if (weight.Length is < 3 or > 7 || (weight[0] | 0x20) != 'q' || weight[1] != '=' || weight[2] is not ((byte)'0' or (byte)'1')) return 1000;
        var value = (weight[2] - '0') * 1000;
        if (weight.Length > 3 && weight[3] != '.') return 1000;
        var place = 100;
        for (var i = 4; i < weight.Length; i++, place /= 10)
        {
            if (weight[i] is < (byte)'0' or > (byte)'9') return 1000;
            value += (weight[i] - '0') * place;
        }
        return Math.Min(value, 1000);
    }
}
