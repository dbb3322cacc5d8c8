using System.Security.Cryptography.X509Certificates;
using OpenCluster.Api;
using OpenCluster.Api.Access;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Streams;
using OpenCluster.Controller.Trust;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Trust.Certificates;

namespace OpenCluster.Controller.Endpoints;

/// <summary>How servers join, how parts get certificates, and how a server's key is struck off.</summary>
internal sealed class TrustEndpoints(
    ClusterLoop loop, OwnBooks books, ServerIdentities identities, ControllerTrust trust, Roster roster, Story story, FailureLimit failures, TimeProvider time)
{
    /// <summary>A used or expired token is remembered so long, so that whoever tries it again is told apart from one who guesses.</summary>
    private static readonly TimeSpan Remember = TimeSpan.FromDays(7);

    private const int MostJoins = 10_000;
    private const int MostMinutes = 1440;

    public void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(ApiRoutes.Roots, Roots).WithSummary("The cluster's roots, which everybody may know.");
        api.MapPost(ApiRoutes.Join, Join).WithSummary("Makes the calling machine a server of the cluster, by a token that is good once.");
        api.MapPost(ApiRoutes.Certificates, Certify).WithSummary("A fresh certificate for an agent, or for a load-balancer on its server.");
        api.MapPost(ApiRoutes.JoinTokenPattern, NewJoinToken).WithSummary("A token with which a server joins; shown this once.");
        api.MapDelete(ApiRoutes.ServerIdentityPattern, StrikeOff).WithSummary("Strikes off a server's key; it is refused at once.").Produces(204);
    }

    private RootsView Roots() => new(trust.Roots.ToPem(), trust.Roots.Fingerprint);

    private async Task<JoinTokenView> NewJoinToken(string serverId, JoinTokenRequest request, HttpContext context, CancellationToken ct)
    {
        if (request.Minutes is < 1 or > MostMinutes) throw Problems.Invalid("minutes", $"A join token is good for 1 to {MostMinutes} minutes.", "Leave it out for an hour.");
        var (caller, token, now) = (context.Caller(), Token.New(), time.GetUtcNow());
        var expires = now + TimeSpan.FromMinutes(request.Minutes);
        await loop.ChangeAsync(
            _ =>
            {
                if (books.Joins.All.Count >= MostJoins) throw Problems.Conflict("too-many-tokens", $"There are {MostJoins} join tokens already.", "Wait until some expire.");
                var server = roster.Find(serverId);
                if (server is not null && !request.Rejoin && identities.KeyOf(server) is not null)
                    throw Problems.Conflict("joined-already", $"Server \"{server.Name}\" has joined already.", $"If its machine was replaced, use `opencluster server rejoin {server.Name}`.");
                var document = new JoinDocument { Server = server?.Id ?? serverId, Created = now, Expires = expires, Rejoin = request.Rejoin };
                return new Intent
                {
                    Documents = [books.Joins.Put(Token.HashOf(token), document), .. Forgotten(now)],
                    Audit = new AuditEntry(caller, $"make a join token for server {server?.Name ?? serverId}{(request.Rejoin ? " (rejoin)" : "")}", request.Why),
                };
            },
            ct);
        var line = new JoinLine(new Uri($"https://{context.Request.Host}/"), token, trust.Roots.Fingerprint);
        return new JoinTokenView(serverId, line.ToString(), expires);
    }

    private async Task<CertificateView> Join(JoinRequest request, HttpContext context, CancellationToken ct)
    {
        var from = context.Caller().From;
        var key = KeyOf(request.SigningRequest);
        var fingerprint = Fingerprint.OfKey(key);
        var mark = MachineMark.Parse(context.Request.Headers[MachineMark.Header].ToString())
            ?? throw Problems.Invalid(MachineMark.Header, "The request does not say which machine it comes from.", $"Send the header \"{MachineMark.Header}: MACHINE BOOT\".");
        var hash = request.Token is { Length: > 0 and <= Token.MaxLength } ? Token.HashOf(request.Token) : "";
        if (books.Joins.Find(hash) is null)
        {
            if (failures.Record(from)) throw Problems.TooManyFailures();
            throw Problems.NotAuthenticated("This is no join token of this cluster.", "`opencluster server add NAME` prints a line with a fresh one.");
        }

        string? server = null;
        ProblemException? refused = null;
        await loop.ChangeAsync(
            _ =>
            {
                var now = time.GetUtcNow();
                var join = books.Joins.Find(hash) ?? throw Problems.NotAuthenticated("This join token has just been taken back.");
                server = join.Server;
                if (Refusal(join, fingerprint, mark, now) is { } why)
                {
                    // Refused, and kept: somebody may hold a line that was meant for one machine.
                    refused = why;
                    story.Tell(new Note(now, Weight.Warning, join.Server, $"a machine at {from} tried to join and was refused: {why.Problem.Detail}"));
                    return new Intent { Audit = new AuditEntry(Caller.Controller with { From = from }, $"refuse a join as server {join.Server}", why.Problem.Detail) };
                }

                // The same key with the same token: the answer was lost on its way.
                var identity = new IdentityDocument { Server = join.Server, Machine = mark.Machine, Boot = mark.Boot, Joined = now, From = from };
                identities.Forget(fingerprint);
                return new Intent
                {
                    Documents = [books.Joins.Put(hash, join with { UsedBy = fingerprint, Used = join.Used ?? now }), books.Identities.Put(fingerprint, identity), .. Replaced(join, fingerprint)],
                    Audit = new AuditEntry(Caller.Controller with { From = from }, $"server {join.Server} joins", "by join token", null, $"key {fingerprint}, machine {mark.Machine}"),
                };
            },
            ct);
        if (refused is not null) throw refused;
        return Signed(key, PartKind.Agent, server!, server!);
    }

    private async Task<CertificateView> Certify(CertifyRequest request, HttpContext context, CancellationToken ct)
    {
        var caller = context.Caller();
        if (caller.Credential is not { } credential || caller.Server is not { } server) throw Problems.NotAllowed("Certificates are for parts of the cluster, and a person is none.");
        var key = KeyOf(request.SigningRequest);
        if (request.Balancer is { } balancer)
        {
            if (caller.Late) throw Problems.NotAuthenticated("The agent's own certificate has run out.", "Renew that one first.");
            var view = await loop.ViewAsync(ct);
            ServerAccess.Require(caller, roster.Find(view.FindInstance(balancer).ServerId), server);
            return Signed(key, PartKind.LoadBalancer, balancer, server);
        }

        if (Fingerprint.OfKey(key) != credential) throw Problems.NotAllowed("A certificate is renewed for the same key; a server gets another key by joining anew.");
        if (caller.Late)
        {
            await loop.ChangeAsync(_ => new Intent { Audit = new AuditEntry(caller, $"renew the certificate of {caller.Name} after its end", "it was away, and its key is still the server's") }, ct);
            story.Tell(new Note(time.GetUtcNow(), Weight.Info, server, "its certificate had run out while it was away; it proved its key and has a new one"));
        }

        return Signed(key, PartKind.Agent, server, server);
    }

    private async Task StrikeOff(string serverId, string? why, HttpContext context, CancellationToken ct)
    {
        var caller = context.Caller();
        await loop.ChangeAsync(
            _ =>
            {
                var server = roster.Find(serverId);
                var (key, identity) = books.Identities.All.FirstOrDefault(i => server is null ? i.Value.Server == serverId : ServerIdentities.Belongs(i.Value, server));
                if (identity is null) throw Problems.NotFound("joined server", serverId, null);
                return new Intent
                {
                    Documents = [books.Identities.Delete(key)],
                    Audit = new AuditEntry(caller, $"strike off server {server?.Name ?? serverId}", why ?? "", $"key {key}, machine {identity.Machine}"),
                };
            },
            ct);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private ProblemException? Refusal(JoinDocument join, string fingerprint, MachineMark mark, DateTimeOffset now)
    {
        if (join.UsedBy == fingerprint && books.Identities.Find(fingerprint) is { } known && known.Machine != mark.Machine)
            return Problems.Copy(join.Server, "that key joined from another machine");
        // With the key that joined by it, it is the same question again; but not once that key has been struck off.
        if (join.UsedBy is { } by && (by != fingerprint || books.Identities.Find(fingerprint) is null))
            return Problems.Conflict("token-used", $"This join token was used at {join.Used:u}.", "`opencluster server add NAME` prints a line with a fresh one.");
        if (now > join.Expires)
            return Problems.Conflict("token-expired", $"This join token was good until {join.Expires:u}.", "`opencluster server add NAME` prints a line with a fresh one.");
        var others = books.Identities.All.Any(i => i.Key != fingerprint && SameServer(i.Value.Server, join.Server));
        return others && !join.Rejoin
            ? Problems.Conflict("joined-already", $"Server \"{join.Server}\" has joined already, with another key.", $"If its machine was replaced, use `opencluster server rejoin {join.Server}`.")
            : null;
    }

    private IEnumerable<DocumentWrite> Replaced(JoinDocument join, string fingerprint) =>
        books.Identities.All.Where(i => i.Key != fingerprint && SameServer(i.Value.Server, join.Server)).Select(i => books.Identities.Delete(i.Key));

    private bool SameServer(string a, string b) => a == b || (roster.Find(a) is { } server && server == roster.Find(b));

    private IEnumerable<DocumentWrite> Forgotten(DateTimeOffset now) =>
        books.Joins.All.Where(j => now > j.Value.Expires + Remember).Take(64).Select(j => books.Joins.Delete(j.Key));

    private CertificateView Signed(PublicKey key, PartKind kind, string id, string server)
    {
        var (chain, until) = trust.Sign(key, kind, id);
        return new CertificateView(chain, trust.Roots.ToPem(), server, until);
    }

    private static PublicKey KeyOf(string? request) => IssuingAuthority.KeyOfRequest(request ?? "")
        ?? throw Problems.Invalid("signingRequest", "This is no signing request (PKCS #10, PEM) of an ECDSA P-256 key, signed by it.", "Make one with the key that is to be certified.");
}
