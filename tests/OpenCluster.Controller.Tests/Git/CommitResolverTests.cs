using OpenCluster.Controller.Git;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Git;

public sealed class CommitResolverTests : IDisposable
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    private readonly TemporaryDirectory _directory = new();
    private readonly CommitResolver _resolver = new(TimeProvider.System);

    public void Dispose()
    {
        _resolver.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_branch_resolves_to_its_head_and_the_message_of_a_local_repository()
    {
        var repository = await GitRepository.CreateAsync(_directory.In("site"));
        await repository.CommitAsync("One");
        var head = await repository.CommitAsync("Two\n\nand more");

        Assert.Equal(new Resolution.Found(head, "Two"), await _resolver.ResolveAsync(repository.Path, "main", null, Ct));
        Assert.Equal(new Resolution.Found(head, "Two"), await _resolver.ResolveAsync("file://" + repository.Path, null, null, Ct));
    }

    [Fact]
    public async Task A_commit_resolves_by_full_name_by_the_start_of_a_head_and_by_tag()
    {
        var repository = await GitRepository.CreateAsync(_directory.In("site"));
        var first = await repository.CommitAsync("One");
        await repository.RunAsync("-c", "user.name=T", "-c", "user.email=t@example.org", "tag", "-a", "v1", "-m", "first");
        var head = await repository.CommitAsync("Two");

        Assert.Equal(new Resolution.Found(first, "One"), await _resolver.ResolveAsync(repository.Path, null, first, Ct));
        Assert.Equal(new Resolution.Found(first, "One"), await _resolver.ResolveAsync(repository.Path, null, "v1", Ct));
        Assert.Equal(new Resolution.Found(head, "Two"), await _resolver.ResolveAsync(repository.Path, null, head[..10], Ct));
    }

    [Fact]
    public async Task A_branch_that_does_not_exist_says_which_was_meant()
    {
        var repository = await GitRepository.CreateAsync(_directory.In("site"));
        await repository.CommitAsync("One");
        await repository.CommitAsync("Two", "develop");

        Assert.Equal(
            ("git-no-branch", $"There is no branch \"devlop\" in {repository.Path}. Did you mean \"develop\"?"),
            await FailureOf(repository.Path, "devlop"));
    }

    [Fact]
    public async Task An_empty_repository_says_that_it_is_empty()
    {
        var repository = await GitRepository.CreateAsync(_directory.In("empty"));

        Assert.Equal(("git-empty", $"The repository {repository.Path} is empty. Push a commit to it."), await FailureOf(repository.Path, "main"));
    }

    [Theory]
    [InlineData("/nowhere/at/all", "git-no-repository")]
    [InlineData("http://127.0.0.1:1/x.git", "git-unreachable")]
    [InlineData("ext::sh -c 'touch /tmp/never'", "git-protocol")]
    [InlineData("--upload-pack=touch", "git-unreachable")]
    public async Task What_cannot_be_asked_says_why(string url, string code) => Assert.Equal(code, (await FailureOf(url, "main")).Code);

    [Fact]
    public async Task Credentials_of_a_URL_never_come_out_again()
    {
        var (_, reason) = await FailureOf("http://joe:hunter2@127.0.0.1:1/x.git", "main");

        Assert.DoesNotContain("hunter2", reason, StringComparison.Ordinal);
        Assert.Equal("fatal: //host/x and //other/y", GitUrl.WithoutCredentials("fatal: //joe:hunter2@host/x and //token@other/y"));
    }

    private async Task<(string Code, string Reason)> FailureOf(string url, string branch)
    {
        var failure = Assert.IsType<Resolution.NotFound>(await _resolver.ResolveAsync(url, branch, null, Ct)).Failure;
        Assert.All(failure.Log, line => Assert.DoesNotContain("hunter2", line, StringComparison.Ordinal));
        return (failure.Code, failure.Reason);
    }
}
