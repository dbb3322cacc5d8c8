using System.Security.Cryptography;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using OpenCluster.Api.Access;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Endpoints;
using OpenCluster.Controller.Files;
using OpenCluster.Controller.Git;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.People;
using OpenCluster.Controller.Secrets;
using OpenCluster.Controller.State;
using OpenCluster.Controller.Streams;
using OpenCluster.Controller.Tasks;
using OpenCluster.Controller.Trust;
using OpenCluster.Controller.Versions;
using OpenCluster.Store;
using OpenCluster.Store.Embedded;
using OpenCluster.Store.Journaling;
using OpenCluster.Trust.Certificates;

namespace OpenCluster.Controller;

/// <summary>
/// A controller's life: (1) its directory is checked, (2) the store opened and the epoch taken, (3) tokens read or made, (4) the state
/// recovered, (5) the API served, (6) on cancellation streams end first, then requests, then the store closes.
/// </summary>
public sealed class ControllerHost : IAsyncDisposable
{
    /// <summary>Requests under way get this long when the controller stops; agents and balancers come back by themselves.</summary>
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping;
    private readonly IStore _store;
    private readonly CommitResolver _git;
    private readonly WebApplication _web;
    private readonly Task _working;

    private ControllerHost(CancellationTokenSource stopping, IStore store, CommitResolver git, WebApplication web, Task working, Uri url)
    {
        (_stopping, _store, _git, _web, _working, Url) = (stopping, store, git, web, working, url);
    }

    /// <summary>Where the API is served.</summary>
    public Uri Url { get; }

    /// <summary>The web server's services, for the test that describes the API.</summary>
    internal IServiceProvider Services => _web.Services;

    /// <summary>Ends when the controller may not go on (another one has taken over), with the reason.</summary>
    public Task Working => _working;

    /// <summary>Runs a controller until cancelled.</summary>
    /// <param name="started">Told the API's URL once it is served.</param>
    /// <exception cref="ControllerStartException">It cannot start; the message is for the operator.</exception>
    public static async Task RunAsync(ControllerOptions options, TimeProvider time, CancellationToken ct, Action<Uri>? started = null)
    {
        await using var host = await StartAsync(options, time, ct);
        started?.Invoke(host.Url);
        try
        {
            await host.Working.WaitAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Asked to stop: the host is disposed in order.
        }
    }

    /// <summary>Starts a controller; it serves when this returns.</summary>
    /// <exception cref="ControllerStartException">It cannot start.</exception>
    public static async Task<ControllerHost> StartAsync(ControllerOptions options, TimeProvider time, CancellationToken ct)
    {
        var directory = StateDirectory.Open(options.Directory);
        var bootstrap = options.BootstrapFile is { } file ? Bootstrap.Read(file) : new Bootstrap();
        using var logging = new LineLoggerProvider(time, Console.Error);
        var store = OpenStore(directory, time, logging.CreateLogger("Store"));
        try
        {
            return await StartAsync(options, directory, bootstrap, store, time, ct);
        }
        catch (Exception failed)
        {
            await store.DisposeAsync();
            throw failed is StoreUnavailableException or DeposedException or IOException
                ? new ControllerStartException($"The controller cannot start: {failed.Message}", failed)
                : failed;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        using (var limit = new CancellationTokenSource(StopWithin)) await _web.StopAsync(limit.Token);
        await _working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _web.DisposeAsync();
        await _store.DisposeAsync();
        _git.Dispose();
        _stopping.Dispose();
    }

    private static async Task<ControllerHost> StartAsync(
        ControllerOptions options, StateDirectory directory, Bootstrap bootstrap, IStore store, TimeProvider time, CancellationToken ct)
    {
        var calls = new OpenCalls();
        var books = new OwnBooks(calls);
        var firstDocuments = await FirstDocuments.MakeAsync(store, directory, bootstrap, books, time, ct);
        var ledger = await Ledger.TakeAsync(store, firstDocuments.Writes, ct);
        var versions = await VersionBook.ReadAsync(store, ct);
        var audit = AuditTrail.From((await store.ReadAsync(AuditTrail.KeyPrefix, ct)).Documents);

        var aside = AsideBook.From((await store.ReadAsync(AsideBook.KeyPrefix, ct)).Documents);
        var stopping = new CancellationTokenSource();
        var refusals = new Refusals(time);
        var trust = OpenTrust(directory, options, time, refusals.Tell);
        var vault = OpenVault(options.SecretsKeyFile ?? directory.SecretsKey, books, time);
        var builder = WebServer.Builder(options, trust, time);
        var web = builder.Build();
        var logs = web.Services.GetRequiredService<ILoggerFactory>();

        var git = new CommitResolver(time);
        var roster = new Roster();
        var secrets = new ServiceSecrets(firstDocuments.WebhookKey);
        var boards = new Boards(ledger, books.Tokens, secrets);
        var story = Story.From((await store.ReadAsync(Story.KeyPrefix, ct)).Documents, time);
        var streams = new EventStreams(time, options.MaxStreams, stopping.Token);
        var tasks = new TaskBroker(time);
        var failures = new FailureLimit(time);
        var identities = new ServerIdentities(books.Identities, story, time);
        var files = new ArchiveFiles(directory, options.MaxArchiveBytes, options.ReserveBytes);
        var orders = new SetOrders();
        var effects = new Effects(git, boards, orders, logs.CreateLogger<Effects>(), stopping.Token);
        var loop = new ClusterLoop(ledger, audit, story, books, versions, roster, aside, effects, time, logs.CreateLogger<ClusterLoop>()) { Fault = options.Fault };
        var metrics = new Metrics(loop, ledger, streams, tasks, failures);

        identities.WriteThrough(loop);
        story.WriteThrough(loop);
        refusals.TellTo(logs.CreateLogger<ControllerTrust>());
        var access = new AccessMiddleware(books.Tokens, books.Users, identities, calls, failures, time);
        WebServer.Use(web, new ProblemMiddleware(logs.CreateLogger<ProblemMiddleware>()), access);
        var api = WebServer.MapApi(web);
        new OwnEndpoints(loop, metrics, options.Version).Map(api);
        new StateEndpoints(loop, versions, story, streams, store, ledger, time, options.Version).Map(api);
        new FileEndpoints(loop, versions, store).Map(api);
        new DeployEndpoints(loop, files, secrets).Map(api);
        new BalancingEndpoints(loop, time).Map(api);
        new DataEndpoints(loop, roster, orders, streams, secrets).Map(api);
        new WebhookEndpoints(loop, roster, secrets, failures).Map(api);
        new TokenEndpoints(loop, boards, books.Tokens, time).Map(api);
        new UserEndpoints(loop, books, new LogIn(books.Users, time), time).Map(api);
        new SecretEndpoints(loop, vault, roster).Map(api);
        new TrustEndpoints(loop, books, identities, trust, roster, story, failures, time).Map(api);
        new AgentEndpoints(loop, roster, boards, streams, tasks, files, identities, calls).Map(api);
        new ArchiveEndpoints(loop, roster, files, options.MaxArchiveBytes).Map(api);
        new TaskEndpoints(loop, roster, tasks).Map(api);

        var looping = Task.Run(() => loop.RunAsync(stopping.Token), CancellationToken.None);
        await await Task.WhenAny(loop.Ready, looping).WaitAsync(ct);
        var polling = new SourcePoller(loop, git, time, logs.CreateLogger<SourcePoller>()).RunAsync(stopping.Token);
        var sweeping = new FileSweeper(loop, files, time, logs.CreateLogger<FileSweeper>()).RunAsync(stopping.Token);
        var keeping = new TrustKeeper(trust, story, time, logs.CreateLogger<TrustKeeper>()).RunAsync(stopping.Token);
        try
        {
            await web.StartAsync(ct);
        }
        catch (IOException taken)
        {
            await stopping.CancelAsync();
            throw new ControllerStartException(
                $"The API cannot be served at {options.Address}:{options.Port}: {taken.Message} Stop what listens there, or name another port with --port.", taken);
        }

        var url = new Uri(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return new ControllerHost(stopping, store, git, web, Task.WhenAny(looping, Task.WhenAll(looping, polling, sweeping, keeping)).Unwrap(), url);
    }

    private static ControllerTrust OpenTrust(StateDirectory directory, ControllerOptions options, TimeProvider time, Action<string> refused)
    {
        try
        {
            return new ControllerTrust(new AuthorityFiles(directory.Trust), options.Address, time, refused);
        }
        catch (CryptographicException damaged)
        {
            throw new ControllerStartException($"The cluster's authority in {directory.Trust} cannot be read: {damaged.Message} Restore the directory from a backup.", damaged);
        }
    }

    private static SecretVault OpenVault(string keyFile, OwnBooks books, TimeProvider time)
    {
        try
        {
            return new SecretVault(keyFile, books.Secrets, time);
        }
        catch (Exception unusable) when (unusable is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ControllerStartException($"The key of the secrets cannot be used: {unusable.Message} Without it no secret can be read; with another one they must be set anew.", unusable);
        }
    }

    private static EmbeddedStore OpenStore(StateDirectory directory, TimeProvider time, ILogger log)
    {
        try
        {
            return EmbeddedStore.Open(directory.Store, new EmbeddedStoreOptions { Time = time, Report = text => WebServer.LogStore(log, text) });
        }
        catch (Exception failed) when (failed is StoreInUseException or JournalDamagedException or JournalVersionException or JournalWriteException)
        {
            throw new ControllerStartException($"The controller cannot start: {failed.Message}", failed);
        }
    }
}
