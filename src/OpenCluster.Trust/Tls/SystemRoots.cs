using System.Runtime.InteropServices;

namespace OpenCluster.Trust.Tls;

/// <summary>
/// The authorities that the machine itself trusts, as a file. Parts of a cluster check each other against the cluster's own roots and want none
/// of them, yet .NET reads the machine's whole store (some 140 certificates) before it checks the first certificate against any roots: a third
/// of the CPU time of a part's start, and 1 MB for good. So the store is hidden from it, and who wants the machine's roots names this file.
/// </summary>
public static partial class SystemRoots
{
    private const string FileVariable = "SSL_CERT_FILE";
    private const string DirectoryVariable = "SSL_CERT_DIR";
    private const string Nowhere = "/nonexistent/opencluster-has-roots-of-its-own";

    private static readonly string[] Usual = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

    /// <summary>What <c>SSL_CERT_FILE</c> says, or where distributions keep it. It may not exist.</summary>
    public static string File { get; } = Environment.GetEnvironmentVariable(FileVariable) ?? Usual.FirstOrDefault(System.IO.File.Exists) ?? Usual[0];

    /// <summary>Hides the machine's store from .NET in this process; processes it starts see it. To be called before the first certificate is checked.</summary>
    public static void LeaveAside()
    {
        // .NET's own copy of the environment, which children are given, is made here; OpenSSL looks at the C library's.
        _ = Environment.GetEnvironmentVariables();
        _ = SetVariable(FileVariable, Nowhere, 1);
        _ = SetVariable(DirectoryVariable, Nowhere, 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
