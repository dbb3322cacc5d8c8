using System.Collections.Frozen;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Controller.Conducting;

/// <summary>
/// What is declared, and the servers by id and by name, as a snapshot that requests read without asking the loop: every report needs it,
/// twice a second and server, and so does a delivery that nobody has signed.
/// </summary>
internal sealed class Roster
{
    private FrozenDictionary<string, Server> _servers = FrozenDictionary<string, Server>.Empty;
    private Cluster? _made;

    /// <summary>What is declared, as of the last commit.</summary>
    public Cluster Cluster => Volatile.Read(ref _made) ?? new Cluster { Name = "" };

    /// <summary>The server of this id, or else of this name; null when there is none.</summary>
    public Server? Find(string idOrName) => Volatile.Read(ref _servers).GetValueOrDefault(idOrName);

    /// <summary>Called by the loop after each commit; costs nothing while the objects are the same.</summary>
    public void Update(Conductor conductor)
    {
        if (ReferenceEquals(conductor.Cluster, _made)) return;
        _made = conductor.Cluster;
        // Those taken out of the file and still running something among them: their agents must be told to stop.
        var all = conductor.View().Servers.Select(s => s.Server).ToList();
        var servers = new Dictionary<string, Server>(StringComparer.Ordinal);
        foreach (var server in all) servers[server.Id] = server;
        // A name that looks like another server's id stays that server's id.
        foreach (var server in all) servers.TryAdd(server.Name, server);
        Volatile.Write(ref _servers, servers.ToFrozenDictionary(StringComparer.Ordinal));
    }
}
