using System.Collections.Concurrent;
using System.Collections.Immutable;
using OpenCluster.Api.Client;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Streams;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Trust;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Controller.Access;

/// <summary>
/// Which key speaks for which server, and on which machine. Every request of an agent passes here: one from a copy of the server is
/// refused, while the first goes on unaffected, and both are told of.
/// </summary>
internal sealed class ServerIdentities(DocumentBook<IdentityDocument> book, Story story, TimeProvider time)
{
    /// <summary>A copy tries again and again; so often it is told.</summary>
    private static readonly TimeSpan TellEvery = TimeSpan.FromMinutes(1);

    /// <summary>By key. As many as there are identities; entries of those struck off go with them.</summary>
    private readonly ConcurrentDictionary<string, KnownMachine> _machines = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _told = new(StringComparer.Ordinal);
    private readonly DateTimeOffset _started = time.GetUtcNow();
    private ClusterLoop? _loop;

    public DocumentBook<IdentityDocument> Book => book;

    /// <summary>The loop that what was noticed is written through; it is made after this.</summary>
    public void WriteThrough(ClusterLoop loop) => _loop = loop;

    /// <summary>The key of a server; null when none has joined for it.</summary>
    public string? KeyOf(Server server) => book.All.FirstOrDefault(i => Belongs(i.Value, server)).Key;

    public static bool Belongs(IdentityDocument identity, Server server) => identity.Server == server.Id || identity.Server == server.Name;

    /// <summary>The server that a key speaks for, on this machine.</summary>
    /// <exception cref="Api.ProblemException">It is struck off, or comes from another machine.</exception>
    public IdentityDocument Require(string key, MachineMark? mark, string from)
    {
        if (book.Find(key) is not { } identity)
        {
            _machines.TryRemove(key, out _);
            throw Problems.NotAuthenticated("No server of this cluster has this key: it was removed, or has joined anew with another.", "Join again: `opencluster server rejoin NAME` prints the line.");
        }

        if (mark is null) throw Problems.Invalid(MachineMark.Header, "The request does not say which machine it comes from.", $"Send the header \"{MachineMark.Header}: MACHINE BOOT\".");
        var verdict = MachineWatch.Judge(_machines.GetOrAdd(key, _ => identity.Known(_started)), new Sighting(mark.Machine, mark.Boot), time.GetUtcNow());
        switch (verdict.Kind)
        {
            case SightingKind.Clone:
                TellOfCopy(key, identity, verdict.Why, from);
                throw Problems.Copy(identity.Server, verdict.Why);
            case SightingKind.Booted:
                NoteBoot(key, verdict.State, from);
                break;
        }

        _machines[key] = verdict.State;
        return identity;
    }

    /// <summary>The writes that bind an identity made for a server's name to the server itself. None when it is bound.</summary>
    public ImmutableArray<DocumentWrite> Bind(string key, Server server) =>
        book.Find(key) is { } identity && identity.Server != server.Id ? [book.Put(key, identity with { Server = server.Id })] : [];

    /// <summary>After a join with a known key: what was seen before counts no more.</summary>
    public void Forget(string key) => _machines.TryRemove(key, out _);

    private void NoteBoot(string key, KnownMachine known, string from)
    {
        _loop?.TryChange(conductor =>
        {
            if (book.Find(key) is not { } identity || identity.Boot == known.Boot) return new Intent();
            var asked = conductor.Respite(identity.Server) is { Maintenance: true } respite ? $"{respite.By} took it into maintenance" : null;
            if (asked is null) story.Tell(new Note(time.GetUtcNow(), Weight.Warning, identity.Server, "the machine has booted, and nobody here asked for it"));
            return new Intent
            {
                Documents = [book.Put(key, identity with { Boot = known.Boot, PastBoots = known.Past })],
                Audit = new AuditEntry(Caller.Controller with { From = from }, $"server {identity.Server} has booted", asked ?? "nobody asked for it here", identity.Boot, known.Boot),
            };
        });
    }

    private void TellOfCopy(string key, IdentityDocument identity, string why, string from)
    {
        var now = time.GetUtcNow();
        var due = _told.AddOrUpdate(key, now, (_, last) => now - last >= TellEvery ? now : last) == now;
        if (!due) return;
        story.Tell(new Note(now, Weight.Trouble, identity.Server, $"a machine at {from} uses this server's key and is refused: {why}. This server goes on"));
        _loop?.TryChange(_ => new Intent { Audit = new AuditEntry(Caller.Controller with { From = from }, $"refuse a copy of server {identity.Server}", why) });
    }
}
