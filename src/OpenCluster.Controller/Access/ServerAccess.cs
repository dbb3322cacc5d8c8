using OpenCluster.Api.Requests;
using OpenCluster.Controller.Http;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Controller.Access;

/// <summary>An agent's key speaks for one server; by its name until the server is known, by its id from then on.</summary>
internal static class ServerAccess
{
    /// <param name="server">The server meant; null when it is not in the cluster (yet).</param>
    /// <param name="named">As the request called it.</param>
    public static void Require(Caller caller, Server? server, string named)
    {
        if (caller.Role == TokenRole.Admin) return;
        var own = server is null ? caller.Server == named : caller.Server == server.Id || caller.Server == server.Name;
        if (!own) throw Problems.NotAllowed($"\"{caller.Name}\" does not speak for server \"{server?.Name ?? named}\".");
    }
}
