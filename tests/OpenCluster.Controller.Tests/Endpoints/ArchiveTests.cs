using System.Security.Cryptography;
using System.Text;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Endpoints;

public sealed class ArchiveTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_built_archive_is_handed_to_every_server_as_it_came()
    {
        await using var controller = await TestController.StartAsync("web1", "web2");
        var repository = await GitRepository.CreateAsync(Path.Combine(controller.Work, "hello"));
        await repository.CommitAsync("One");
        await using var one = await controller.AgentAsync("web1");
        await using var two = await controller.AgentAsync("web2");
        await controller.Admin.ApplyAsync(new FileRequest { Text = Cluster.FromGit(repository.Path) }, Ct);
        await DeployTests.EndOf(controller, null);
        var release = Assert.Single(await controller.Admin.ReleasesAsync("hello", Ct));
        using var agent = await controller.AgentClientAsync("web2");

        using var archive = new StreamReader(await agent.ArchiveAsync(release.Id, Ct));
        Assert.Equal(FakeAgent.ArchiveOf(release.Id), Encoding.UTF8.GetBytes(await archive.ReadToEndAsync(Ct)));

        var refused = await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.UploadArchiveAsync(release.Id, new MemoryStream([1]), Ct));
        Assert.Equal("release-closed", refused.Problem.Code);
    }

    [Fact]
    public async Task An_agent_gets_only_the_archives_and_sources_that_its_assignment_names()
    {
        await using var controller = await TestController.StartAsync("web1", "db1");
        var repository = await GitRepository.CreateAsync(Path.Combine(controller.Work, "hello"));
        await repository.CommitAsync("One");
        await using var one = await controller.AgentAsync("web1");
        var text = Cluster.FromGit(repository.Path).Replace("web2: {roles: webserver}", "db1: {roles: database}", StringComparison.Ordinal)
            .Replace("  webserver:\n", "  webserver:\n  database:\n", StringComparison.Ordinal)
            .Replace("instances: 2", "instances: 1", StringComparison.Ordinal);
        await controller.Admin.ApplyAsync(new FileRequest { Text = text }, Ct);
        await DeployTests.EndOf(controller, null);
        var release = Assert.Single(await controller.Admin.ReleasesAsync("hello", Ct));
        var source = await controller.Admin.UploadSourceAsync(new MemoryStream([1, 2, 3]), Ct);
        using var own = await controller.AgentClientAsync("web1");
        using var other = await controller.AgentClientAsync("db1");

        await (await own.ArchiveAsync(release.Id, Ct)).DisposeAsync();
        Assert.Equal("not-allowed", (await Assert.ThrowsAsync<ProblemException>(() => other.ArchiveAsync(release.Id, Ct))).Problem.Code);
        Assert.Equal("not-allowed", (await Assert.ThrowsAsync<ProblemException>(() => other.SourceAsync(source.Digest, Ct))).Problem.Code);
    }

    [Fact]
    public async Task A_source_is_known_by_its_digest_and_comes_back_whole()
    {
        await using var controller = await TestController.StartAsync();
        var bytes = RandomNumberGenerator.GetBytes(300_000);

        var view = await controller.Admin.UploadSourceAsync(new MemoryStream(bytes), Ct);

        Assert.Equal((Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length), (view.Digest, view.SizeBytes));
        var back = new MemoryStream();
        await using (var source = await controller.Admin.SourceAsync(view.Digest, Ct)) await source.CopyToAsync(back, Ct);
        Assert.Equal(bytes, back.ToArray());
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(controller.State, "incoming")));
    }

    [Fact]
    public async Task An_upload_that_is_not_what_was_announced_is_refused_and_leaves_nothing()
    {
        await using var controller = await TestController.StartAsync();
        using var http = controller.Http();
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiRoutes.Sources) { Content = new ByteArrayContent([1, 2, 3]) };
        request.Headers.Authorization = new("Bearer", controller.AdminToken);
        request.Content.Headers.TryAddWithoutValidation("Repr-Digest", $"sha-256=:{Convert.ToBase64String(new byte[32])}:");

        using var response = await http.SendAsync(request, Ct);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains("damaged on the way", await response.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(controller.State, "sources")));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(controller.State, "incoming")));
    }

    [Theory]
    [InlineData("../../admin.token")]
    [InlineData("..%2f..%2fadmin.token")]
    [InlineData("zz")]
    public async Task A_digest_that_is_none_finds_nothing(string digest)
    {
        await using var controller = await TestController.StartAsync();

        await Assert.ThrowsAsync<ProblemException>(() => controller.Admin.SourceAsync(digest, Ct));
    }
}
