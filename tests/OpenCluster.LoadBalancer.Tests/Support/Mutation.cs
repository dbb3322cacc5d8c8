using System.Text;

namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>What nobody would send, made of what somebody might: the same for the same seed.</summary>
internal static class Mutation
{
    /// <summary>Up to three changes: a byte changed, removed or put in, or a piece doubled. Put in are mostly bytes that frame.</summary>
    /// <param name="favourites">Bytes that mean something to the parser.</param>
    public static byte[] Of(ReadOnlySpan<byte> from, Random random, string favourites)
    {
        List<byte> bytes = [.. from];
        for (var i = random.Next(4); i > 0 && bytes.Count > 0; i--)
        {
            var at = random.Next(bytes.Count);
            var put = random.Next(2) == 0 ? (byte)favourites[random.Next(favourites.Length)] : (byte)random.Next(256);
            switch (random.Next(4))
            {
                case 0: bytes[at] = put; break;
                case 1: bytes.RemoveAt(at); break;
                case 2: bytes.Insert(at, put); break;
                default: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 20), bytes.Count - at))); break;
            }
        }
        return [.. bytes];
    }

    public static byte[] Of(string from, Random random, string favourites) => Of(Encoding.Latin1.GetBytes(from), random, favourites);
}
