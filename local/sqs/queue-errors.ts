import { AwsError } from '../aws-json.ts'

// Each error carries its old query-protocol name too: the SDK reports that one as the error's code.

export function queueDoesNotExist(): AwsError {
  return new AwsError('com.amazonaws.sqs#QueueDoesNotExist', 'The specified queue does not exist.', {
    queryCode: 'AWS.SimpleQueueService.NonExistentQueue',
  })
}

export function batchError(name: string, message: string): AwsError {
  return new AwsError(`com.amazonaws.sqs#${name}`, message, { queryCode: `AWS.SimpleQueueService.${name}` })
}

export function invalidParameter(message: string): AwsError {
  return new AwsError('com.amazonaws.sqs#InvalidParameterValue', message, {
    queryCode: 'InvalidParameterValue',
  })
}

export function missingParameter(name: string): AwsError {
  return new AwsError(
    'com.amazonaws.sqs#MissingParameter',
    `The request must contain the parameter ${name}.`,
    {
      queryCode: 'MissingParameter',
    },
  )
}

export function receiptHandleInvalid(): AwsError {
  return new AwsError('com.amazonaws.sqs#ReceiptHandleIsInvalid', 'The input receipt handle is invalid.', {
    queryCode: 'ReceiptHandleIsInvalid',
  })
}

export function receiptHandleExpired(): AwsError {
  return invalidParameter('The parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.')
}

export function messageNotInFlight(): AwsError {
  return batchError('MessageNotInflight', 'The message is not in flight.')
}

export function invalidMessageContents(): AwsError {
  return new AwsError(
    'com.amazonaws.sqs#InvalidMessageContents',
    'The message has characters outside the allowed set.',
    {
      queryCode: 'InvalidMessageContents',
    },
  )
}

export function resourceNotFound(message: string): AwsError {
  return new AwsError('com.amazonaws.sqs#ResourceNotFoundException', message, {
    queryCode: 'ResourceNotFoundException',
  })
}
