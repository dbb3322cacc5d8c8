using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using OpenCluster.Model.Running;

namespace OpenCluster.Controller.Access;

/// <summary>
/// A service's secrets come from one key of the cluster: HMAC-SHA256(key, what it is for + "/" + service id). So they are there from the
/// moment the service is, and there is only one thing to keep.
/// </summary>
internal sealed class ServiceSecrets(byte[] key)
{
    /// <summary>Document that holds the key, base64.</summary>
    public const string KeyDocument = "controller/webhook-key";

    public static byte[] NewKey() => RandomNumberGenerator.GetBytes(32);

    /// <summary>Signs pushes of its repository.</summary>
    public string Of(string serviceId) => Derived("webhook/" + serviceId);

    /// <summary>Of the two users of a space.</summary>
    public SetPasswords Space(string spaceId) => new(Derived("space-app/" + spaceId), Derived("space-own/" + spaceId));

    /// <summary>By which its instances register with load-balancers and ask the broker.</summary>
    public string AppToken(string serviceId) => "oc_" + Derived("app/" + serviceId);

    private string Derived(string what) => Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(what)));
}
