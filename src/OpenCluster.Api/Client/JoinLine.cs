using System.Text.Json;
using OpenCluster.Trust.Certificates;

namespace OpenCluster.Api.Client;

/// <summary>
/// What a new server needs, in one word: <c>https://10.0.0.1:7400/#TOKEN.FINGERPRINT</c>. The fingerprint is that of the cluster's root,
/// so that nobody can stand between; the token is good once. What comes after # is never sent as part of a URL.
/// </summary>
public sealed record JoinLine(Uri Controller, string Token, string Fingerprint)
{
    private const int FingerprintLength = 64;

    public override string ToString() => $"{Controller.GetLeftPart(UriPartial.Path)}#{Token}.{Fingerprint}";

    /// <exception cref="FormatException">It is not one; the message never repeats it, because it holds a token.</exception>
    public static JoinLine Parse(string line)
    {
        if (Uri.TryCreate(line.Trim(), UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps
            && url.Fragment.TrimStart('#').Split('.') is [{ Length: > 0 } token, { Length: FingerprintLength } fingerprint] && fingerprint.All(char.IsAsciiHexDigitLower))
            return new JoinLine(new Uri(url.GetLeftPart(UriPartial.Path)), token, fingerprint);
        throw new FormatException("This is not a join line: it looks like https://10.0.0.1:7400/#TOKEN.FINGERPRINT. `opencluster server add NAME` prints one.");
    }

    /// <summary>
    /// The root with this fingerprint, asked of whoever answers at the controller's address: it may lie, but not about what the fingerprint
    /// says. Everything after that goes over connections judged by this root.
    /// </summary>
    /// <exception cref="UnreachableException">Nobody answers.</exception>
    /// <exception cref="FormatException">Who answers has no such root.</exception>
    public static async Task<RootBundle> RootAsync(Uri controller, string fingerprint, TimeProvider time, CancellationToken ct)
    {
        try
        {
            using var http = Connections.Unverified(controller, time);
            http.MaxResponseContentBufferSize = 64 << 10;
            var answer = JsonSerializer.Deserialize(await http.GetByteArrayAsync(ApiRoutes.Roots, ct).ConfigureAwait(false), ApiJson.Default.RootsView);
            foreach (var root in RootBundle.Parse(answer?.Roots ?? "").Roots)
                if (Trust.Certificates.Fingerprint.Of(root) == fingerprint) return RootBundle.Of(root);
        }
        catch (Exception gone) when (gone is HttpRequestException || (gone is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw new UnreachableException(controller.ToString(), gone);
        }
        catch (Exception lie) when (lie is JsonException or System.Security.Cryptography.CryptographicException)
        {
            throw new FormatException($"What answers at {controller} is not a controller.", lie);
        }

        throw new FormatException($"The controller at {controller} has no root with the fingerprint {fingerprint}: it is another cluster's, somebody stands between, or its root was replaced since. Nothing was sent to it.");
    }
}
