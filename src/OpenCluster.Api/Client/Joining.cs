using OpenCluster.Api.Requests;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Api.Client;

/// <summary>Makes a machine a server of a cluster by a join line. The key is made here, on disk before anybody is asked, and never leaves.</summary>
public static class Joining
{
    /// <param name="directory">Where the credentials are kept.</param>
    /// <returns>The server's id, or its name while it has none.</returns>
    /// <exception cref="UnreachableException">No controller answers.</exception>
    /// <exception cref="ProblemException">It refuses: the token is used, expired, or for a server that has joined.</exception>
    /// <exception cref="FormatException">Who answers is not the controller that the line is from.</exception>
    public static async Task<string> JoinAsync(JoinLine line, CredentialFiles files, MachineMark machine, TimeProvider time, CancellationToken ct)
    {
        var root = await JoinLine.RootAsync(line.Controller, line.Fingerprint, time, ct).ConfigureAwait(false);
        using var key = files.TakeKey();
        using var api = new ApiClient(line.Controller, null, time, new Credentials(root).Itself, machine);
        var joined = await api.JoinAsync(new JoinRequest { Token = line.Token, SigningRequest = key.SigningRequest() }, ct).ConfigureAwait(false);
        files.Write(joined.Chain, joined.Roots);
        return joined.Server;
    }
}
