namespace OpenCluster.Controller.Http;

/// <summary>
/// One line for one message on standard error: <c>2026-01-31T12:00:00.000Z warning Effects: text</c>. What keeps logs (the agent,
/// systemd) takes lines; nothing here is queued, so nothing is lost when the process dies. A disk that is full loses the line and
/// nothing else: whoever had something to say must not fail for it.
/// </summary>
internal sealed class LineLoggerProvider(TimeProvider time, TextWriter output) : ILoggerProvider
{
    private readonly Lock _lines = new();
    private long _lost;

    /// <summary>Lines that could not be written.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose() { }

    private void Write(string line)
    {
        try
        {
            lock (_lines) output.WriteLine(line);
        }
        catch (IOException)
        {
            Interlocked.Increment(ref _lost);
        }
    }

    private sealed class LineLogger(LineLoggerProvider provider, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            var text = $"{provider.Now:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {WordOf(logLevel)} {category}: {formatter(state, exception)}";
            provider.Write((exception is null ? text : $"{text}: {exception}").ReplaceLineEndings("\n    "));
        }

        private static string WordOf(LogLevel level) => level switch
        {
            LogLevel.Critical => "critical",
            LogLevel.Error => "error",
            LogLevel.Warning => "warning",
            _ => "info",
        };
    }

    private DateTimeOffset Now => time.GetUtcNow();
}
