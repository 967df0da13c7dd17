namespace Distributed.Engine;

/// <summary>
/// What the user gave cannot be used: a file, a tensor or an option. The message is one sentence that names the thing,
/// its value and what was expected; a command ends with exit code 2 on it.
/// </summary>
public sealed class InputException : Exception
{
    /// <summary>Bad input.</summary>
    /// <param name="message">One sentence: the thing, its value, what was expected.</param>
    public InputException(string message)
        : base(message)
    {
    }

    /// <summary>Bad input, found by another error.</summary>
    /// <param name="message">One sentence: the thing, its value, what was expected.</param>
    /// <param name="cause">The error that showed it.</param>
    public InputException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
