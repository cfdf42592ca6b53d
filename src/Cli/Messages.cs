namespace ZarrCache.Cli;

/// <summary>Exceptions as one line for people.</summary>
internal static class Messages
{
    /// <summary>The message on one line, without what .NET adds of parameter names and values.</summary>
    public static string Of(Exception exception)
    {
        string message = exception.Message;
        if (exception is ArgumentException && message.IndexOf(" (Parameter '", StringComparison.Ordinal) is > 0 and int end)
        {
            message = message[..end];
        }

        return OneLine(message);
    }

    /// <summary>The text with each run of white space as one space.</summary>
    public static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Whether the user can do something about it; all else is a fault of the program.</summary>
    public static bool IsExpected(Exception exception) =>
        exception is ZarrCacheException or ArgumentException or IOException or UnauthorizedAccessException or NotSupportedException or OperationCanceledException;
}
