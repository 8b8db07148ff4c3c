// The messages of TensorBoard's event files: as much of their .proto files as runs write. Those are core/util/event.proto and
// core/framework/summary.proto of github.com/tensorflow/tensorflow, tensorboard/plugins/hparams/plugin_data.proto of
// github.com/tensorflow/tensorboard, and google/protobuf/struct.proto.

import protobuf from 'protobufjs';

const proto = `
syntax = "proto3";

message Event {
  double wall_time = 1;
  int64 step = 2;
  oneof what {
    string file_version = 3;
    Summary summary = 5;
    SessionLog session_log = 7;
  }
}

message SessionLog {
  enum SessionStatus {
    STATUS_UNSPECIFIED = 0;
    START = 1;
  }
  SessionStatus status = 1;
}

message Summary {
  message Value {
    string tag = 1;
    oneof value {
      float simple_value = 2;
      HistogramProto histo = 5;
    }
    SummaryMetadata metadata = 9;
  }
  repeated Value value = 1;
}

message SummaryMetadata {
  message PluginData {
    string plugin_name = 1;
    bytes content = 2;
  }
  PluginData plugin_data = 1;
}

message HistogramProto {
  double min = 1;
  double max = 2;
  double num = 3;
  double sum = 4;
  double sum_squares = 5;
  repeated double bucket_limit = 6;
  repeated double bucket = 7;
}

message HParamsPluginData {
  oneof data {
    SessionStartInfo session_start_info = 3;
  }
}

message SessionStartInfo {
  map<string, Value> hparams = 1;
  double start_time_secs = 5;
}

message Value {
  oneof kind {
    double number_value = 2;
    string string_value = 3;
  }
}
`;

export interface HistogramProto {
  readonly min: number;
  readonly max: number;
  readonly num: number;
  readonly sum: number;
  readonly sumSquares: number;
  /** Upper limits of the buckets, ascending. */
  readonly bucketLimit: readonly number[];
  readonly bucket: readonly number[];
}

export type SummaryValue = { readonly tag: string } & (
  | { readonly simpleValue: number }
  | { readonly histo: HistogramProto }
  | { readonly metadata: { readonly pluginData: { readonly pluginName: string; readonly content: Uint8Array } } }
);

/** What a session was started with, in the table of hyperparameters; `startTimeSecs` since the epoch. */
export interface SessionStartInfo {
  readonly hparams: Readonly<Record<string, { readonly numberValue: number } | { readonly stringValue: string }>>;
  readonly startTimeSecs: number;
}

/** `wallTime` in seconds since the epoch. */
export type TensorboardEvent = { readonly wallTime: number; readonly step: number } & (
  | { readonly fileVersion: string }
  | { readonly summary: { readonly value: readonly SummaryValue[] } }
  | { readonly sessionLog: { readonly status: number } }
);

const { root } = protobuf.parse(proto);
const eventType = root.lookupType('Event');
const settingsType = root.lookupType('HParamsPluginData');

/** `SessionLog.START`: what was written of later steps does not count. */
export const sessionStart = root.lookupEnum('SessionLog.SessionStatus').values['START'] ?? 0;

export function encodeEvent(event: TensorboardEvent): Uint8Array {
  return eventType.encode(event).finish();
}

/** The content of the summary by which the plugin `hparams` knows a session's settings. */
export function encodeSettings(sessionStartInfo: SessionStartInfo): Uint8Array {
  return settingsType.encode({ sessionStartInfo }).finish();
}
