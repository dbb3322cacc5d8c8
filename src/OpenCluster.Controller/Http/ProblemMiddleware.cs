using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Store;

namespace OpenCluster.Controller.Http;

/// <summary>Whatever goes wrong in a request leaves as a problem; nobody ever gets an empty error or a stack trace.</summary>
internal sealed partial class ProblemMiddleware(ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return; // The caller has gone; there is nobody to answer.
        }
        catch (Exception failed)
        {
            if (context.Response.HasStarted)
            {
                // Too late for an answer: cutting the connection is the only way left to say that it is not whole.
                LogCut(log, context.Request.Path, failed.Message);
                context.Abort();
                return;
            }

            await WriteAsync(context, ProblemOf(context, failed));
            return;
        }

        if (!context.Response.HasStarted && context.Response.StatusCode is 400 or 404 or 405 or 415 or 504 && context.Response.ContentLength is null)
            await WriteAsync(context, Unrouted(context));
    }

    private static Task WriteAsync(HttpContext context, Problem problem)
    {
        context.Response.Clear();
        context.Response.StatusCode = problem.Status;
        if (problem.Status is 429 or 503) context.Response.Headers.RetryAfter = problem.Status == 429 ? "60" : "1";
        if (problem.Status == 401) context.Response.Headers.WWWAuthenticate = "Bearer";
        return context.Response.WriteAsJsonAsync(problem, ApiJson.Default.Problem, "application/problem+json", context.RequestAborted);
    }

    private Problem ProblemOf(HttpContext context, Exception failed)
    {
        switch (failed)
        {
            case ProblemException { Problem: var problem }:
                return problem;
            case BadHttpRequestException { StatusCode: 413 }:
                return Problems.Of(413, "too-large", "Too large", "The request's body is larger than this path accepts.", "Send less.");
            case BadHttpRequestException { InnerException: JsonException json }:
                return NotJson(json);
            case JsonException json:
                return NotJson(json);
            case BadHttpRequestException bad:
                return Problems.Of(bad.StatusCode, "invalid", "Invalid request", bad.Message, "See /v1/openapi.json for what this path takes.");
            case StoreUnavailableException store:
                LogStore(log, store.Message);
                return Problems.NotStored(store.Message).Problem;
            default:
                LogUnexpected(log, failed, context.Request.Method, context.Request.Path);
                return Problems.Of(500, "internal", "The controller failed", "The controller failed at this request and has logged why.",
                    "Nothing is known to have changed. Look at the state, and at the controller's log.");
        }
    }

    private static Problem NotJson(JsonException json) => Problems.Of(400, "invalid-json", "Not the JSON expected",
        $"The body is not the JSON expected, at {json.Path ?? "$"} (line {json.LineNumber + 1}).", "See /v1/openapi.json for its shape.", json.Path);

    private static Problem Unrouted(HttpContext context) => context.Response.StatusCode switch
    {
        400 => Problems.Of(400, "invalid", "Invalid request", "A value in the path or the query is not of its kind.", "See /v1/openapi.json."),
        405 => Problems.Of(405, "method-not-allowed", "Method not allowed", $"{context.Request.Path} does not take {context.Request.Method}.", "See /v1/openapi.json."),
        415 => Problems.Of(415, "unsupported-media-type", "Unsupported media type", "The body is not JSON.", "Send \"Content-Type: application/json\"."),
        504 => Problems.Of(504, "took-too-long", "Took too long", $"{context.Request.Method} {context.Request.Path} was not done in time.",
            "Look at the state before trying again: it may have happened."),
        _ => Problems.Of(404, "no-such-path", "No such path", $"There is no {context.Request.Path}.", "See /v1/openapi.json."),
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private static partial void LogUnexpected(ILogger log, Exception failed, string method, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "not stored: {Reason}")]
    private static partial void LogStore(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} was cut: {Reason}")]
    private static partial void LogCut(ILogger log, string path, string reason);
}
