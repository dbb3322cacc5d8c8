using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace OpenCluster.Controller.Webhooks;

/// <summary>
/// Every service's secret comes from one key of the cluster: HMAC-SHA256(key, "webhook/" + service id). So there is a secret for each
/// service from the moment it exists, and only one thing to keep.
/// </summary>
internal sealed class WebhookSecrets(byte[] key)
{
    /// <summary>Document that holds the key, base64.</summary>
    public const string KeyDocument = "controller/webhook-key";

    public static byte[] NewKey() => RandomNumberGenerator.GetBytes(32);

    public string Of(string serviceId) => Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes("webhook/" + serviceId)));
}
