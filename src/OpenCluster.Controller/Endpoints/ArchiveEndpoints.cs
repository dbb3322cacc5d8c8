using Microsoft.AspNetCore.Http.HttpResults;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Files;
using OpenCluster.Controller.Http;
using OpenCluster.Model.Running;

namespace OpenCluster.Controller.Endpoints;

/// <summary>Release archives between builder and servers, and sources that somebody uploads.</summary>
internal sealed class ArchiveEndpoints(ClusterLoop loop, Roster roster, ArchiveFiles files, long maxBytes)
{
    private const string GZip = "application/gzip";
    private const string DigestHeader = "Repr-Digest";
    private const string DigestPrefix = "sha-256=:";

    public void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(ApiRoutes.ArchivePattern, Archive).WithSummary("A release's archive (tar.gz).").Produces(200, contentType: GZip).Streams();
        api.MapPut(ApiRoutes.ArchivePattern, PutArchive).WithSummary("Hands over the archive of a release that was given out to build; Repr-Digest is verified when sent.")
            .Accepts<Stream>(GZip).MaxBody(maxBytes).Streams();
        api.MapPost(ApiRoutes.Sources, PutSource).WithSummary("Uploads a working directory (tar.gz) to build from; dropped after an hour when nothing uses it.")
            .Accepts<Stream>(GZip).MaxBody(maxBytes).Streams();
        api.MapGet(ApiRoutes.SourcePattern, Source).WithSummary("An uploaded source archive (tar.gz).").Produces(200, contentType: GZip).Streams();
    }

    private async Task<PhysicalFileHttpResult> Archive(string release, HttpContext context, CancellationToken ct)
    {
        await RequireOrderedAsync(context.Caller(), assignment => Names(assignment, release), $"release {release}", ct);
        var found = (await loop.ViewAsync(ct)).FindRelease(release);
        // The same commit built the same way for another zone is the same archive.
        var path = files.FindArchive(found.BuiltAs ?? found.Id) ?? throw Problems.Conflict("archive-missing", $"The release \"{release}\" has no archive (yet).", "Wait until it is ready.");
        return TypedResults.PhysicalFile(path, GZip);
    }

    private async Task<SourceView> PutArchive(string release, HttpContext context, CancellationToken ct)
    {
        var found = (await loop.ViewAsync(ct)).FindRelease(release);
        var caller = context.Caller();
        if (caller.Role == TokenRole.Agent) ServerAccess.Require(caller, found.Builder is { } builder ? roster.Find(builder) : null, found.Builder ?? "");
        if (found.State != ReleaseState.Building)
            throw Problems.Conflict("release-closed", $"The release \"{release}\" is not being built any more; its archive is fixed.", "Make a new release: deploy again.");
        return await files.StoreArchiveAsync(release, context.Request.Body, context.Request.ContentLength, DigestOf(context), ct);
    }

    private Task<SourceView> PutSource(HttpContext context, CancellationToken ct) =>
        files.StoreSourceAsync(context.Request.Body, context.Request.ContentLength, DigestOf(context), ct);

    private async Task<PhysicalFileHttpResult> Source(string digest, HttpContext context, CancellationToken ct)
    {
        await RequireOrderedAsync(context.Caller(), assignment => assignment.Builds.Any(b => b.SourceDigest == digest), $"source {digest}", ct);
        return TypedResults.PhysicalFile(files.FindSource(digest) ?? throw Problems.NotFound("source", digest, null), GZip);
    }

    /// <summary>An agent gets what its server's assignment names: one server that was broken into must not hand out the others' code.</summary>
    private async Task RequireOrderedAsync(Caller caller, Func<Assignment, bool> names, string what, CancellationToken ct)
    {
        if (caller.Role != TokenRole.Agent) return;
        var ordered = await loop.LookAsync(conductor => roster.Find(caller.Server ?? "") is { } server && conductor.Assignment(server.Id) is { } own && names(own), ct);
        if (!ordered) throw Problems.NotAllowed($"The assignment of the server of token \"{caller.Name}\" does not name {what}.");
    }

    private static bool Names(Assignment assignment, string release) =>
        assignment.KeepReleases.Contains(release)
        || assignment.Instances.Any(i => i.Release?.Id == release)
        || assignment.Scripts.Any(s => s.Release.Id == release);

    /// <summary>RFC 9530: <c>Repr-Digest: sha-256=:BASE64:</c>; hex, or null when it was not sent.</summary>
    private static string? DigestOf(HttpContext context)
    {
        var header = context.Request.Headers[DigestHeader].ToString();
        if (header.Length == 0) return null;
        var bytes = new byte[32];
        if (header.StartsWith(DigestPrefix, StringComparison.Ordinal) && header.EndsWith(':')
            && Convert.TryFromBase64String(header[DigestPrefix.Length..^1], bytes, out var written) && written == bytes.Length)
            return Convert.ToHexStringLower(bytes);
        throw Problems.Invalid(DigestHeader, "The header is not a SHA-256 digest.", "Send sha-256=:BASE64: (RFC 9530), or leave it out.");
    }
}
