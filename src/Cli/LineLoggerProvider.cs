using Microsoft.Extensions.Logging;

namespace ZarrCache.Cli;

/// <summary>Logs a line a message to a writer, so that tests and pipes get standard error as it was handed in (the console logger knows only the process's own).</summary>
internal sealed class LineLoggerProvider(TextWriter writer) : ILoggerProvider
{
    private readonly TextWriter _writer = TextWriter.Synchronized(writer);

    public ILogger CreateLogger(string categoryName) => new LineLogger(_writer);

    public void Dispose() => _writer.Flush();

    private sealed class LineLogger(TextWriter writer) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            string cause = exception is null ? "" : $" ({Messages.Of(exception)})";
            string level = logLevel >= LogLevel.Error ? "error" : logLevel == LogLevel.Warning ? "warning" : "info";
            writer.WriteLine($"{level}: {formatter(state, exception)}{cause}".ReplaceLineEndings(" "));
        }
    }
}
