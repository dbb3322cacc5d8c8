using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using OpenCluster.Api;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Trust;
using OpenCluster.Model;

namespace OpenCluster.Controller.Http;

/// <summary>Kestrel with as little around it as the API needs; nothing is read from the environment or from files.</summary>
internal static partial class WebServer
{
    public static WebApplicationBuilder Builder(ControllerOptions options, ControllerTrust trust, TimeProvider time)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "opencluster" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.Limits.MaxRequestBodySize = Limits.Body;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
            // Asked for each connection, so that a renewed certificate is shown from the next one on.
            kestrel.Listen(options.Address, options.Port, listen => listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => ValueTask.FromResult(trust.ServerOptions),
            }));
        });
        builder.Logging.AddProvider(new LineLoggerProvider(time, Console.Error));
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<RouteHandlerOptions>(handlers => handlers.ThrowOnBadRequest = true);
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            // The same JSON as everywhere else: the context brings the types, not its options.
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(1, ModelJson.Default);
            json.SerializerOptions.DefaultIgnoreCondition = ApiJson.Default.Options.DefaultIgnoreCondition;
            json.SerializerOptions.RespectNullableAnnotations = ApiJson.Default.Options.RespectNullableAnnotations;
        });
        builder.Services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy { Timeout = Limits.Call });
        options.Services?.Invoke(builder.Services);
        return builder;
    }

    public static void Use(WebApplication web, ProblemMiddleware problems, AccessMiddleware access)
    {
        web.Use((context, next) => problems.InvokeAsync(context, next));
        web.UseRouting();
        web.UseRequestTimeouts();
        web.Use((context, next) => access.InvokeAsync(context, next));
    }

    /// <summary>Everything mapped into this group carries its rule of access, or the controller does not start.</summary>
    public static IEndpointRouteBuilder MapApi(WebApplication web)
    {
        var api = web.MapGroup("");
        ((IEndpointConventionBuilder)api).Add(endpoint =>
        {
            var pattern = ((RouteEndpointBuilder)endpoint).RoutePattern.RawText!;
            var method = endpoint.Metadata.OfType<IHttpMethodMetadata>().Last().HttpMethods[0];
            endpoint.Metadata.Add(AccessTable.Of(method, pattern) ?? throw new InvalidOperationException($"{method} {pattern} has no rule in the access table."));
        });
        return api;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Text}")]
    public static partial void LogStore(ILogger log, string text);
}
