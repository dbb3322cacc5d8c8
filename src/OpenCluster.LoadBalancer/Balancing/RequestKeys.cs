using System.Text;
using OpenCluster.Decisions.Targets;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Routing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>
/// What of a request decides its target, besides chance: what is hashed, and the target its cookie names. Made ready once per route and
/// snapshot; reading allocates nothing.
/// </summary>
internal sealed class RequestKeys(BalanceRule rule)
{
    private readonly byte[] _name = Encoding.Latin1.GetBytes(rule.Key.Name);
    private readonly byte[] _cookie = Encoding.Latin1.GetBytes(rule.Sticky?.Cookie ?? "");

    /// <summary>Most routes ask for nothing.</summary>
    public bool IsNeeded { get; } = rule.Policy == BalancePolicy.Hash || rule.Sticky is not null;

    public Draw Read(ClientConnection client, ulong random) => new(random, rule.Policy == BalancePolicy.Hash ? Key(client) : 0, rule.Sticky is null ? 0 : Sticky(client));

    /// <summary>The line that makes the client come back to <paramref name="slot"/>; null when it does so already, or need not.</summary>
    public byte[]? Answer(in Draw draw, TargetSlot slot, bool isSecure)
    {
        if (rule.Sticky is not { } sticky || draw.Sticky == slot.Seed) return null;
        var age = sticky.For > TimeSpan.Zero ? $"; Max-Age={(long)sticky.For.TotalSeconds}" : "";
        return Encoding.Latin1.GetBytes($"Set-Cookie: {sticky.Cookie}={slot.Seed:x16}; Path=/; HttpOnly; SameSite=Lax{(isSecure ? "; Secure" : "")}{age}\r\n");
    }

    private ulong Key(ClientConnection client)
    {
        var head = client.Exchange.Head;
        var bytes = client.HeadBytes;
        switch (rule.Key.Source)
        {
            case HashSource.Path:
                return HashChoice.Hash(head.Path(bytes));
            case HashSource.Header when new HeadFields(head.Fields, bytes).TryFind(_name, out var value):
                return HashChoice.Hash(value);
            case HashSource.Cookie when Cookies.TryFind(head.Fields, bytes, _name, out var cookie):
                return HashChoice.Hash(cookie);
            default:
                Span<byte> address = stackalloc byte[16];
                client.Facts.Remote.Address.TryWriteBytes(address, out var length);
                return HashChoice.Hash(address[..length]);
        }
    }

    private ulong Sticky(ClientConnection client) =>
        Cookies.TryFind(client.Exchange.Head.Fields, client.HeadBytes, _cookie, out var value)
        && ulong.TryParse(value, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out var seed) ? seed : 0;
}
