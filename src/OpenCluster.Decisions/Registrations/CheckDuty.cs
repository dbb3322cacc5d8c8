using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OpenCluster.Decisions.Registrations;

/// <summary>
/// Which of several balancers checks which target, so that a target is not asked by each. By rendezvous: every balancer works the same out
/// alone, and when one goes only its own targets move, spread over the others.
/// </summary>
public static class CheckDuty
{
    /// <summary>The balancer on duty for a target, of those that are there; at least one.</summary>
    public static string Of(string target, IEnumerable<string> balancers) =>
        balancers.MaxBy(b => (Score(target, b), b))!;

    private static ulong Score(string target, string balancer)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{balancer}\n{target}"), hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }
}
