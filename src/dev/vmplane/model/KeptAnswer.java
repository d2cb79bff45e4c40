package dev.vmplane.model;

/**
 * What a write that is done {@link Once} was answered with, letter for letter.
 *
 * @param body null for none
 * @param location null for none
 * @param tag null for none
 */
public record KeptAnswer(int status, String body, String location, String tag) {}
