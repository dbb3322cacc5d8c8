using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace OpenCluster.EndToEnd.Tests;

/// <summary>HTTP as any program outside speaks it to the controller: it knows the cluster's roots and compares the host with the certificate.</summary>
internal static class TrustingClient
{
    /// <param name="directory">Beside the cluster file.</param>
    public static HttpClient For(string directory)
    {
        using var context = JsonDocument.Parse(File.ReadAllText(Path.Combine(directory, ".opencluster", "context.json")));
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(context.RootElement.GetProperty("rootsFile").GetString()!);
        return new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } });
    }
}
