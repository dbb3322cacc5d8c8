using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Running;
using OpenCluster.Model;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Api.Client;

/// <summary>
/// The API as methods. Errors the controller explains are <see cref="ProblemException"/>; no answer at all is
/// <see cref="UnreachableException"/>. Watches end when the connection does: the caller decides how to come back (see
/// <see cref="Reconnecting"/>). Safe for concurrent use.
/// </summary>
public sealed class ApiClient : IDisposable
{
    /// <summary>The longest a plain call may take; streams have no limit of their own.</summary>
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(30);

    /// <summary>A stream that stays silent this long is dead: the controller sends a comment every 5 s.</summary>
    private static readonly TimeSpan StreamSilence = TimeSpan.FromSeconds(15);

    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    /// <param name="url">Base URL of the controller.</param>
    /// <param name="token">Bearer token of a person or script, or null.</param>
    /// <param name="credentials">Whom to believe, and what to show; asked for each connection, so that renewed ones are used. Needed for https.</param>
    /// <param name="machine">For an agent: the machine it runs on.</param>
    public ApiClient(Uri url, string? token, TimeProvider time, Func<Credentials>? credentials = null, MachineMark? machine = null)
    {
        Url = url;
        _time = time;
        _http = Connections.Client(url, time, credentials);
        if (machine is not null) _http.DefaultRequestHeaders.Add(MachineMark.Header, machine.ToString());
        if (token is not null) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public Uri Url { get; }

    public Task<ClusterStatus> StatusAsync(CancellationToken ct) => GetAsync(ApiRoutes.Status, ApiJson.Default.ClusterStatus, ct);

    public Task<PlanView> PlanAsync(FileRequest file, CancellationToken ct) => PostAsync(ApiRoutes.Plan, file, ApiJson.Default.FileRequest, ApiJson.Default.PlanView, ct);

    public Task<ApplyView> ApplyAsync(FileRequest file, CancellationToken ct) => PostAsync(ApiRoutes.Apply, file, ApiJson.Default.FileRequest, ApiJson.Default.ApplyView, ct);

    public Task<ApplyView> UndoAsync(UndoRequest undo, CancellationToken ct) => PostAsync(ApiRoutes.Undo, undo, ApiJson.Default.UndoRequest, ApiJson.Default.ApplyView, ct);

    public Task<ImmutableArray<VersionView>> HistoryAsync(CancellationToken ct) => GetAsync(ApiRoutes.History, ApiJson.Default.ImmutableArrayVersionView, ct);

    public Task<ImmutableArray<ServerView>> ServersAsync(CancellationToken ct) => GetAsync(ApiRoutes.Servers, ApiJson.Default.ImmutableArrayServerView, ct);

    public Task<ImmutableArray<ServiceView>> ServicesAsync(CancellationToken ct) => GetAsync(ApiRoutes.Services, ApiJson.Default.ImmutableArrayServiceView, ct);

    public Task<ImmutableArray<InstanceView>> InstancesAsync(string? service, CancellationToken ct) =>
        GetAsync(ApiRoutes.OfService(ApiRoutes.Instances, service), ApiJson.Default.ImmutableArrayInstanceView, ct);

    public Task<ImmutableArray<ReleaseView>> ReleasesAsync(string? service, CancellationToken ct) =>
        GetAsync(ApiRoutes.OfService(ApiRoutes.Releases, service), ApiJson.Default.ImmutableArrayReleaseView, ct);

    public Task<ImmutableArray<DeploymentView>> DeploymentsAsync(string? service, CancellationToken ct) =>
        GetAsync(ApiRoutes.OfService(ApiRoutes.Deployments, service), ApiJson.Default.ImmutableArrayDeploymentView, ct);

    public Task<DeploymentView> DeploymentAsync(string deployment, CancellationToken ct) =>
        GetAsync(ApiRoutes.Deployment(deployment), ApiJson.Default.DeploymentView, ct);

    public Task<DeployView> DeployAsync(DeployRequest deploy, CancellationToken ct) =>
        PostAsync(ApiRoutes.Deployments, deploy, ApiJson.Default.DeployRequest, ApiJson.Default.DeployView, ct);

    public Task<DeployView> RollBackAsync(RollBackRequest rollBack, CancellationToken ct) =>
        PostAsync(ApiRoutes.RollBacks, rollBack, ApiJson.Default.RollBackRequest, ApiJson.Default.DeployView, ct);

    public Task<ImmutableArray<PauseView>> PauseAsync(PauseRequest pause, CancellationToken ct) =>
        PostAsync(ApiRoutes.Pauses, pause, ApiJson.Default.PauseRequest, ApiJson.Default.ImmutableArrayPauseView, ct);

    public Task<CachePurgeView> PurgeAsync(CachePurgeRequest purge, CancellationToken ct) =>
        PostAsync(ApiRoutes.CachePurges, purge, ApiJson.Default.CachePurgeRequest, ApiJson.Default.CachePurgeView, ct);

    public Task<ImmutableArray<ExplanationView>> ExplainAsync(ExplainRequest request, CancellationToken ct) =>
        PostAsync(ApiRoutes.Explanations, request, ApiJson.Default.ExplainRequest, ApiJson.Default.ImmutableArrayExplanationView, ct);

    public Task<ImmutableArray<BalancerLoadView>> BalancersAsync(CancellationToken ct) => GetAsync(ApiRoutes.Balancers, ApiJson.Default.ImmutableArrayBalancerLoadView, ct);

    public Task<ServiceView> ScaleAsync(string service, string zone, ScaleRequest scale, CancellationToken ct) =>
        SendAsync(HttpMethod.Put, ApiRoutes.Scale(service, zone), JsonContent.Create(scale, ApiJson.Default.ScaleRequest), ApiJson.Default.ServiceView, ct);

    public Task<WebhookView> WebhookAsync(string service, CancellationToken ct) => GetAsync(ApiRoutes.WebhookSettings(service), ApiJson.Default.WebhookView, ct);

    public Task<ImmutableArray<AuditView>> AuditAsync(CancellationToken ct) => GetAsync(ApiRoutes.Audit, ApiJson.Default.ImmutableArrayAuditView, ct);

    /// <summary>A token with which a server (by id or name) joins; good once, and not for long.</summary>
    public Task<JoinTokenView> NewJoinTokenAsync(string server, JoinTokenRequest join, CancellationToken ct) =>
        PostAsync(ApiRoutes.JoinToken(server), join, ApiJson.Default.JoinTokenRequest, ApiJson.Default.JoinTokenView, ct);

    /// <summary>Strikes off a server's key: whoever holds it is refused from now on.</summary>
    public Task StrikeOffAsync(string server, string why, CancellationToken ct) =>
        SendAsync(HttpMethod.Delete, $"{ApiRoutes.ServerIdentity(server)}?why={Uri.EscapeDataString(why)}", null, ct);

    /// <summary>Takes the load off a server, or (null) lets it carry load again.</summary>
    public Task RestAsync(string server, RespiteRequest? respite, string why, CancellationToken ct) => respite is null
        ? SendAsync(HttpMethod.Delete, $"{ApiRoutes.Respite(server)}?why={Uri.EscapeDataString(why)}", null, ct)
        : SendAsync(HttpMethod.Put, ApiRoutes.Respite(server), JsonContent.Create(respite, ApiJson.Default.RespiteRequest), ct);

    public Task<SessionView> LogInAsync(LogInRequest logIn, CancellationToken ct) =>
        PostAsync(ApiRoutes.LogIn, logIn, ApiJson.Default.LogInRequest, ApiJson.Default.SessionView, ct);

    public Task LogOutAsync(CancellationToken ct) => SendAsync(HttpMethod.Post, ApiRoutes.LogOut, null, ct);

    public Task<ImmutableArray<UserView>> UsersAsync(CancellationToken ct) => GetAsync(ApiRoutes.Users, ApiJson.Default.ImmutableArrayUserView, ct);

    public Task PutUserAsync(string name, UserRequest user, CancellationToken ct) =>
        SendAsync(HttpMethod.Put, ApiRoutes.User(name), JsonContent.Create(user, ApiJson.Default.UserRequest), ct);

    public Task DeleteUserAsync(string name, CancellationToken ct) => SendAsync(HttpMethod.Delete, ApiRoutes.User(name), null, ct);

    public Task<ImmutableArray<SecretView>> SecretsAsync(CancellationToken ct) => GetAsync(ApiRoutes.Secrets, ApiJson.Default.ImmutableArraySecretView, ct);

    /// <summary>Gives a secret of the cluster file a value.</summary>
    public Task<SecretView> SetSecretAsync(string name, SecretRequest secret, CancellationToken ct) =>
        SendAsync(HttpMethod.Put, ApiRoutes.Secret(name), JsonContent.Create(secret, ApiJson.Default.SecretRequest), ApiJson.Default.SecretView, ct);

    /// <summary>Gives a secret a random value.</summary>
    public Task<SecretView> RotateSecretAsync(string name, SecretRotationRequest rotation, CancellationToken ct) =>
        PostAsync(ApiRoutes.SecretRotation(name), rotation, ApiJson.Default.SecretRotationRequest, ApiJson.Default.SecretView, ct);

    public Task RemoveSecretAsync(string name, string why, CancellationToken ct) =>
        SendAsync(HttpMethod.Delete, $"{ApiRoutes.Secret(name)}?why={Uri.EscapeDataString(why)}", null, ct);

    /// <summary>Seals every value anew with a new key.</summary>
    public Task RotateSecretKeyAsync(string why, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, $"{ApiRoutes.SecretKeyRotations}?why={Uri.EscapeDataString(why)}", null, ct);

    /// <summary>The values that a server's instances and builds may have; for its agent alone.</summary>
    public Task<ImmutableArray<SecretValueView>> ServerSecretsAsync(string server, CancellationToken ct) =>
        GetAsync(ApiRoutes.ServerSecrets(server), ApiJson.Default.ImmutableArraySecretValueView, ct);

    /// <summary>The roots that the controller says the cluster has.</summary>
    public Task<RootsView> RootsAsync(CancellationToken ct) => GetAsync(ApiRoutes.Roots, ApiJson.Default.RootsView, ct);

    /// <summary>Makes this machine a server of the cluster; the same question again has the same answer.</summary>
    public Task<CertificateView> JoinAsync(JoinRequest join, CancellationToken ct) =>
        PostAsync(ApiRoutes.Join, join, ApiJson.Default.JoinRequest, ApiJson.Default.CertificateView, ct);

    /// <summary>A fresh certificate for the caller's own key, or for a part on its server.</summary>
    public Task<CertificateView> CertificateAsync(CertifyRequest certificate, CancellationToken ct) =>
        PostAsync(ApiRoutes.Certificates, certificate, ApiJson.Default.CertifyRequest, ApiJson.Default.CertificateView, ct);

    public Task<NewTokenView> NewTokenAsync(TokenRequest token, CancellationToken ct) =>
        PostAsync(ApiRoutes.Tokens, token, ApiJson.Default.TokenRequest, ApiJson.Default.NewTokenView, ct);

    public Task<ImmutableArray<TokenView>> TokensAsync(CancellationToken ct) => GetAsync(ApiRoutes.Tokens, ApiJson.Default.ImmutableArrayTokenView, ct);

    /// <param name="id">As <see cref="TokensAsync"/> shows it.</param>
    public Task DeleteTokenAsync(string id, CancellationToken ct) => SendAsync(HttpMethod.Delete, ApiRoutes.Token(id), null, ct);

    /// <summary>Uploads a tar.gz of a working directory and answers its digest.</summary>
    public Task<SourceView> UploadSourceAsync(Stream archive, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, ApiRoutes.Sources, new StreamContent(archive), ApiJson.Default.SourceView, ct, limit: TimeSpan.FromMinutes(10));

    /// <summary>An instance's log as it is on its server; with follow, until cancelled. The caller disposes it.</summary>
    public Task<Stream> LogsAsync(string instance, int lines, bool follow, CancellationToken ct) => OpenAsync(ApiRoutes.Logs(instance, lines, follow), ct);

    /// <summary>Runs a command beside an instance and answers its output; the last line is <c>exit CODE</c>. The caller disposes it.</summary>
    public async Task<Stream> ExecAsync(string instance, ExecRequest command, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiRoutes.Exec(instance)) { Content = JsonContent.Create(command, ApiJson.Default.ExecRequest) };
        var response = await AnswerAsync(request, ct, ct).ConfigureAwait(false);
        return await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
    }

    /// <summary>The cluster's story from after <paramref name="afterId"/> on; 0 for what is kept.</summary>
    /// <param name="follow">False: ends with what is kept.</param>
    public IAsyncEnumerable<EventView> EventsAsync(long afterId, CancellationToken ct, bool follow = true) =>
        WatchAsync(follow ? ApiRoutes.Events : ApiRoutes.Events + "?follow=false", afterId, ApiJson.Default.EventView, ct);

    /// <summary>The server's assignment now, and again at each change.</summary>
    public IAsyncEnumerable<Assignment> AssignmentsAsync(string serverId, long afterRevision, CancellationToken ct) =>
        WatchAsync(ApiRoutes.Assignment(serverId), afterRevision, ModelJson.Default.Assignment, ct);

    public Task ReportServerAsync(ServerReport report, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, ApiRoutes.ServerReport(report.ServerId), JsonContent.Create(report, ModelJson.Default.ServerReport), ct);

    /// <summary>What is asked of a server's seats in replicated sets, as it is asked.</summary>
    public IAsyncEnumerable<SetOrder> SetOrdersAsync(string serverId, CancellationToken ct) => WatchAsync(ApiRoutes.SetOrders(serverId), 0, ModelJson.Default.SetOrder, ct);

    public Task SaySetsAsync(string serverId, SetWords words, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, ApiRoutes.SetWords(serverId), JsonContent.Create(words, ModelJson.Default.SetWords), ct);

    public Task<ImmutableArray<SpaceView>> DataAsync(CancellationToken ct) => GetAsync(ApiRoutes.Data, ApiJson.Default.ImmutableArraySpaceView, ct);

    /// <summary>How applications reach a space, with the password.</summary>
    public Task<SpaceAccessView> SpaceAccessAsync(string space, CancellationToken ct) => GetAsync(ApiRoutes.SpaceAccess(space), ApiJson.Default.SpaceAccessView, ct);

    /// <summary>Asks for a hand-over, and answers when it has begun: the epoch that it begins.</summary>
    public Task<SpaceView> MovePrimaryAsync(string space, PrimaryMoveRequest move, CancellationToken ct) =>
        PostAsync(ApiRoutes.PrimaryMove(space), move, ApiJson.Default.PrimaryMoveRequest, ApiJson.Default.SpaceView, ct);

    public IAsyncEnumerable<AgentTask> TasksAsync(string serverId, CancellationToken ct) => WatchAsync(ApiRoutes.Tasks(serverId), 0, ApiJson.Default.AgentTask, ct);

    /// <summary>Streams a task's output to whoever asked; ends with the stream, or earlier when nobody reads any more.</summary>
    public Task SendTaskOutputAsync(string task, Stream output, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, ApiRoutes.TaskOutput(task), new FlowingContent(output), ct, limit: Timeout.InfiniteTimeSpan);

    /// <summary>The balancer's snapshot now, and again at each change.</summary>
    public IAsyncEnumerable<BalancerSnapshot> SnapshotsAsync(string instance, long afterRevision, CancellationToken ct) =>
        WatchAsync(ApiRoutes.Snapshot(instance), afterRevision, ModelJson.Default.BalancerSnapshot, ct);

    public Task ReportBalancerAsync(BalancerReport report, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, ApiRoutes.BalancerReport(report.Balancer), JsonContent.Create(report, ModelJson.Default.BalancerReport), ct);

    /// <summary>A release's archive (tar.gz). The caller disposes it and checks the digest.</summary>
    public Task<Stream> ArchiveAsync(string release, CancellationToken ct) => OpenAsync(ApiRoutes.Archive(release), ct);

    /// <summary>An uploaded source archive (tar.gz). The caller disposes it and checks the digest.</summary>
    public Task<Stream> SourceAsync(string digest, CancellationToken ct) => OpenAsync(ApiRoutes.Source(digest), ct);

    /// <summary>Hands a built release's archive to the controller.</summary>
    public Task UploadArchiveAsync(string release, Stream archive, CancellationToken ct) =>
        SendAsync(HttpMethod.Put, ApiRoutes.Archive(release), new StreamContent(archive), ct, limit: TimeSpan.FromMinutes(10));

    /// <summary>A request of one's own making to a path of the API, over the same connections.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) => _http.SendAsync(request, ct);

    public void Dispose() => _http.Dispose();

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken ct) => SendAsync(HttpMethod.Get, path, null, answer, ct);

    private Task<TAnswer> PostAsync<TBody, TAnswer>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, path, JsonContent.Create(body, bodyType), answerType, ct);

    private async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken ct, TimeSpan? limit = null)
    {
        using var timed = Limited(limit ?? CallTime, ct);
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var response = await AnswerAsync(request, timed.Token, ct).ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync(type, timed.Token).ConfigureAwait(false)
            ?? throw new JsonException($"{path} answered null.");
    }

    private async Task SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken ct, TimeSpan? limit = null)
    {
        using var timed = Limited(limit ?? CallTime, ct);
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var response = await AnswerAsync(request, timed.Token, ct).ConfigureAwait(false);
    }

    private async Task<Stream> OpenAsync(string path, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        var response = await AnswerAsync(request, ct, ct).ConfigureAwait(false);
        return await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
    }

    private async IAsyncEnumerable<T> WatchAsync<T>(string path, long after, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken ct)
    {
        using var silent = new CancellationTokenSource(StreamSilence, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, silent.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (after > 0) request.Headers.Add("Last-Event-ID", after.ToString());
        using var response = await AnswerAsync(request, either.Token, ct).ConfigureAwait(false);
        var stream = await response.Content.ReadAsStreamAsync(either.Token).ConfigureAwait(false);
        await using var items = SseParser.Create(stream, (kind, data) => kind == "alive" ? default : JsonSerializer.Deserialize(data, type))
            .EnumerateAsync(either.Token).GetAsyncEnumerator(either.Token);
        while (await MoveNextAsync(items, path, ct).ConfigureAwait(false))
        {
            silent.CancelAfter(StreamSilence);
            if (items.Current.Data is { } data) yield return data;
        }
    }

    /// <summary>A broken or silent stream is an unreachable controller, unless the caller itself has cancelled.</summary>
    private async ValueTask<bool> MoveNextAsync<T>(IAsyncEnumerator<SseItem<T>> items, string path, CancellationToken ct)
    {
        try
        {
            return await items.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException || (broken is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw new UnreachableException(new Uri(Url, path).ToString(), broken);
        }
    }

    /// <param name="limited">The caller's token, cancelled too when the call takes too long.</param>
    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken limited, CancellationToken ct)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limited).ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is HttpRequestException || (gone is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw new UnreachableException(Url.ToString(), gone);
        }

        if (response.IsSuccessStatusCode) return response;
        using (response) throw new ProblemException(await ProblemOfAsync(response, limited).ConfigureAwait(false));
    }

    private static async Task<Problem> ProblemOfAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var status = (int)response.StatusCode;
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json")
        {
            var problem = await response.Content.ReadFromJsonAsync(ApiJson.Default.Problem, ct).ConfigureAwait(false);
            if (problem is not null) return problem;
        }

        return new Problem { Title = response.ReasonPhrase ?? "Error", Status = status, Code = "http-" + status, Detail = $"The controller answered {status} {response.ReasonPhrase}." };
    }

    private CancellationTokenSource Limited(TimeSpan limit, CancellationToken ct)
    {
        var timed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        if (limit != Timeout.InfiniteTimeSpan) timed.CancelAfter(limit);
        return timed;
    }
}
