using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace OpenCluster.Controller.Http;

/// <summary>How large requests may be and how long they may take, where a path differs from the rule.</summary>
internal static class Limits
{
    /// <summary>Bodies, unless a path says otherwise. A report of 500 instances with full failure logs is smaller.</summary>
    public const long Body = 4 << 20;

    /// <summary>A plain call, from the first byte of its head to the last of its answer.</summary>
    public static readonly TimeSpan Call = TimeSpan.FromSeconds(30);

    public static TBuilder MaxBody<TBuilder>(this TBuilder route, long bytes) where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new SizeLimit(bytes));

    /// <summary>Ends when one side goes; has no time limit.</summary>
    public static TBuilder Streams<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(DisableRequestTimeout);

    /// <summary>A body that grows as slowly as a log does.</summary>
    public static void AllowSlowBody(this HttpContext context)
    {
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
    }

    private static readonly DisableRequestTimeoutAttribute DisableRequestTimeout = new();

    private sealed class SizeLimit(long bytes) : IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => bytes;
    }
}
